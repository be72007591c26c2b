using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Scripts;

/// <summary>
/// Runs acceptance scripts in Prometheus' format. An instant evaluation is also run as the middle step of a range query, and with <c>@</c> fixing its
/// time from other times, unless the order counts or a function looks at the clock. Experimental functions and delayed name removal are on.
/// Native histograms are left out of what is loaded: an evaluation that meets them is skipped, unless it expects plain values or an error and they come without them.
/// </summary>
public sealed class ScriptRunner(TimeProvider time)
{
    private const long Minute = 60_000;

    private static readonly EngineOptions Options = new() { Parser = new ParserOptions { ExperimentalFunctions = true }, DelayedNameRemoval = true };

    /// <summary>What the names of a classic histogram's series end in; without it they name its form with custom buckets.</summary>
    private static readonly string[] ClassicSuffixes = ["_bucket", "_count", "_sum"];

    private readonly Engine _engine = new(Options, time);
    private readonly MemorySeries _series = new();
    private readonly HashSet<Labels> _native = [];

    /// <summary>Runs one script from an empty store. A script that cannot be read is a <see cref="ScriptException"/>.</summary>
    public async Task<ScriptOutcome> RunAsync(string script, CancellationToken cancel)
    {
        var (passed, failures, skipped) = (0, new List<ScriptFailure>(), new List<(int, string)>());
        Clear();
        foreach (var command in new ScriptReader(script).Read())
        {
            switch (command)
            {
                case ScriptCommand.Clear:
                    Clear();
                    break;
                case ScriptCommand.Load load:
                    Add(load);
                    break;
                case ScriptCommand.Eval eval when eval.Expected.IsNative || (eval.Expected.IsNothing && MeetsNative(eval)):
                    skipped.Add((eval.Line, eval.Expression));
                    break;
                case ScriptCommand.Eval eval:
                    if (await RunAsync(eval, cancel).ConfigureAwait(false) is not { } failure)
                    {
                        passed++;
                    }
                    else if (MeetsNative(eval))
                    {
                        skipped.Add((eval.Line, eval.Expression));
                    }
                    else
                    {
                        failures.Add(failure);
                    }

                    break;
            }
        }

        return new ScriptOutcome(passed, failures, skipped);
    }

    private void Clear()
    {
        _series.Clear();
        _native.Clear();
    }

    private void Add(ScriptCommand.Load load)
    {
        foreach (var series in load.Series)
        {
            if (series.IsNative)
            {
                _native.Add(series.Labels);
            }

            if (load.WithCustomBuckets && ClassicSuffixes.FirstOrDefault(suffix => series.Labels.Name.EndsWith(suffix, StringComparison.Ordinal)) is { } suffix)
            {
                _native.Add(series.Labels.With(Labels.MetricName, series.Labels.Name[..^suffix.Length]).Without(Labels.BucketBound));
            }

            for (var i = 0; i < series.Values.Count; i++)
            {
                if (series.Values[i] is { } value)
                {
                    _series.Append(series.Labels, i * load.Step, value);
                }
            }
        }
    }

    /// <summary>Whether a selector of an evaluation matches native histograms.</summary>
    private bool MeetsNative(ScriptCommand.Eval eval)
    {
        try
        {
            return Selectors(Parser.Parse(eval.Expression, Options.Parser)).Any(selector => _native.Any(labels => selector.Matchers.All(matcher => matcher.Matches(labels))));
        }
        catch (PromQlException)
        {
            return false;
        }
    }

    private static IEnumerable<VectorSelector> Selectors(Expr expr) =>
        expr.Children.SelectMany(Selectors).Concat(expr is VectorSelector selector ? [selector] : []);

    private async Task<ScriptFailure?> RunAsync(ScriptCommand.Eval eval, CancellationToken cancel)
    {
        var form = "";
        try
        {
            if (eval.IsRange)
            {
                await CheckAsync(eval, _engine.QueryRangeAsync, eval.Expression, (eval.Start, eval.End, eval.Step), cancel).ConfigureAwait(false);
                return null;
            }

            foreach (var (expression, at) in FixedTimes.Variants(eval.Expression, eval.Start, Options.Parser))
            {
                form = expression == eval.Expression ? "" : $"as {expression} at {at} ms";
                var middle = await CheckInstantAsync(eval, expression, at, cancel).ConfigureAwait(false);
                if (!middle)
                {
                    continue;
                }

                form = (form.Length > 0 ? form + ", " : "") + "as a range query";
                await CheckMiddleAsync(eval, expression, at, cancel).ConfigureAwait(false);
            }

            return null;
        }
        catch (MismatchException e)
        {
            return new ScriptFailure(eval.Line, eval.Expression, form, e.Expected, e.Got);
        }
    }

    private async Task CheckAsync(
        ScriptCommand.Eval eval,
        Func<ISeriesReader, string, long, long, long, CancellationToken, ValueTask<QueryResult>> query,
        string expression,
        (long Start, long End, long Step) times,
        CancellationToken cancel)
    {
        var result = await ResultAsync(eval, () => query(_series, expression, times.Start, times.End, times.Step, cancel)).ConfigureAwait(false);
        if (result is not null)
        {
            ResultComparison.CheckAnnotations(result.Annotations, eval.Expected);
            ResultComparison.CheckMatrix(result, eval.Expected, times.Start, times.End, times.Step);
        }
    }

    /// <summary>Compares, and tells whether the expression can be a range query with the same result.</summary>
    private async Task<bool> CheckInstantAsync(ScriptCommand.Eval eval, string expression, long at, CancellationToken cancel)
    {
        var result = await ResultAsync(eval, () => _engine.QueryAsync(_series, expression, at, cancel)).ConfigureAwait(false);
        if (result is null)
        {
            return false;
        }

        ResultComparison.CheckAnnotations(result.Annotations, eval.Expected);
        ResultComparison.CheckInstant(result, eval.Expected);
        return !eval.Expected.Ordered && result.Kind is ValueKind.Scalar or ValueKind.Vector;
    }

    private async Task CheckMiddleAsync(ScriptCommand.Eval eval, string expression, long at, CancellationToken cancel)
    {
        var result = await ResultAsync(eval, () => _engine.QueryRangeAsync(_series, expression, at - Minute, at + Minute, Minute, cancel)).ConfigureAwait(false);
        var series = result!.Series.Select(one => one with { Samples = one.Samples.ToArray().Where(sample => sample.Time == at).ToArray() }).Where(one => one.Samples.Length > 0).ToList();
        var kind = eval.Expected.Scalar is null ? ValueKind.Vector : ValueKind.Scalar;
        ResultComparison.CheckInstant(result with { Kind = kind, Series = series }, eval.Expected);
    }

    /// <summary>The result; null if it failed as expected.</summary>
    private static async Task<QueryResult?> ResultAsync(ScriptCommand.Eval eval, Func<ValueTask<QueryResult>> query)
    {
        QueryResult result;
        try
        {
            result = await query().ConfigureAwait(false);
        }
        catch (PromQlException e)
        {
            var expected = eval.Expected;
            if (!expected.Fails)
            {
                throw new MismatchException("a result", "the error: " + e.Message);
            }

            return expected.FailMessage is { } message && message != e.Message ? throw new MismatchException("the error: " + message, e.Message)
                : expected.FailPattern?.IsMatch(e.Message) == false ? throw new MismatchException("an error like " + expected.FailPattern, e.Message)
                : null;
        }

        return eval.Expected.Fails ? throw new MismatchException("an error", ResultComparison.Show(result)) : result;
    }
}
