using System.Collections;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>
/// Two vectors joined by their labels. Which series may meet is found once; which do is a matter of each step, since only those with a sample there count.
/// </summary>
internal sealed class VectorJoin
{
    private readonly BinaryExpr _binary;
    private readonly VectorMatching _matching;
    private readonly StepMatrix _left;
    private readonly StepMatrix _right;
    private readonly SampleBudget _budget;
    private readonly bool _keepNames;
    private readonly string[] _labels;
    private readonly Dictionary<Labels, int> _keys = [];

    public VectorJoin(BinaryExpr binary, StepMatrix left, StepMatrix right, SampleBudget budget, bool keepNames)
    {
        (_binary, _matching, _left, _right, _budget, _keepNames) = (binary, binary.Matching!, left, right, budget, keepNames);
        _labels = _matching.On ? [.. _matching.Labels] : [.. _matching.Labels, Labels.MetricName];
    }

    /// <summary><c>and</c>, <c>or</c>, <c>unless</c>.</summary>
    public StepMatrix Set()
    {
        var (lefts, rights) = (Keys(_left), Keys(_right));
        var builder = new MatrixBuilder(_left.Steps, _budget);
        if (_binary.Operator == BinaryOperator.Or)
        {
            Copy(builder, _left, lefts, null, false);
            Copy(builder, _right, rights, Presence(_left, lefts), false);
        }
        else
        {
            Copy(builder, _left, lefts, Presence(_right, rights), _binary.Operator == BinaryOperator.And);
        }

        return builder.Result;
    }

    /// <summary>Arithmetic and comparisons.</summary>
    public StepMatrix Match()
    {
        var swap = _matching.Cardinality == MatchCardinality.OneToMany;
        var (many, one) = swap ? (_right, _left) : (_left, _right);
        var (manyKeys, oneKeys) = (Keys(many), Keys(one));
        var ones = Group(oneKeys);
        RequireUnique(many, one, oneKeys, [.. ones.Values.Where(static rows => rows.Count > 1).SelectMany(static rows => rows).Order()], swap);
        var builder = new MatrixBuilder(many.Steps, _budget);
        foreach (var (key, rows) in Group(manyKeys))
        {
            if (ones.TryGetValue(key, out var partners))
            {
                MatchGroup(builder, many, rows, one, partners, swap);
            }
        }

        return builder.Result;
    }

    private static Dictionary<int, List<int>> Group(int[] keys)
    {
        var groups = new Dictionary<int, List<int>>();
        for (var row = 0; row < keys.Length; row++)
        {
            if (!groups.TryGetValue(keys[row], out var rows))
            {
                groups.Add(keys[row], rows = []);
            }

            rows.Add(row);
        }

        return groups;
    }

    private void MatchGroup(MatrixBuilder builder, StepMatrix many, List<int> rows, StepMatrix one, List<int> partners, bool swap)
    {
        var oneToOne = _matching.Cardinality == MatchCardinality.OneToOne;
        var targets = new Dictionary<(int, int), (int Row, Labels Labels)>();
        var taken = new HashSet<Labels>();
        for (var step = 0; step < many.Steps; step++)
        {
            var partner = partners.FindIndex(row => !Sample.IsStale(one[row][step])) is >= 0 and var found ? partners[found] : -1;
            taken.Clear();
            var matched = false;
            foreach (var row in partner < 0 ? [] : rows)
            {
                var value = many[row][step];
                if (Sample.IsStale(value))
                {
                    continue;
                }

                var other = one[partner][step];
                var result = Arithmetic.Apply(_binary.Operator, swap ? other : value, swap ? value : other, out var holds);
                if (!holds && !_binary.ReturnBool)
                {
                    continue;
                }

                if (oneToOne && matched)
                {
                    throw Fail("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
                }

                matched = true;
                if (!targets.TryGetValue((row, partner), out var target))
                {
                    var labels = ResultLabels(many.Labels(row), one.Labels(partner));
                    target = (builder.Row(labels, _binary.ReturnBool || many.DropName(row)), labels);
                    targets.Add((row, partner), target);
                }

                if (!oneToOne && rows.Count > 1 && !taken.Add(target.Labels))
                {
                    throw Fail("multiple matches for labels: grouping labels must ensure unique matches");
                }

                builder.Put(target.Row, step, _binary.ReturnBool ? (holds ? 1 : 0) : result);
            }
        }
    }

    private static PromQlException Fail(string message) => new(PromQlFault.Execution, message);

    /// <summary>Fails if two series of a group on the "one" side have a sample at a step at which the other side has any.</summary>
    private void RequireUnique(StepMatrix many, StepMatrix one, int[] keys, List<int> rows, bool swap)
    {
        var seen = new Dictionary<int, int>();
        for (var step = 0; rows.Count > 0 && step < one.Steps; step++)
        {
            seen.Clear();
            foreach (var row in HasSample(many, step) ? rows : [])
            {
                if (!Sample.IsStale(one[row][step]) && !seen.TryAdd(keys[row], row))
                {
                    throw Fail($"found duplicate series for the match group {Key(one.Labels(row))} on the {(swap ? "left" : "right")} hand-side of the operation: "
                        + $"[{one.Labels(row)}, {one.Labels(seen[keys[row]])}];many-to-many matching not allowed: matching labels must be unique on one side");
                }
            }
        }
    }

    private static bool HasSample(StepMatrix matrix, int step)
    {
        for (var row = 0; row < matrix.Count; row++)
        {
            if (!Sample.IsStale(matrix[row][step]))
            {
                return true;
            }
        }

        return false;
    }

    private Labels ResultLabels(Labels many, Labels one)
    {
        var labels = !_binary.Operator.IsComparison() || (_binary.ReturnBool && !_keepNames) ? many.WithoutName() : many;
        if (_matching.Cardinality == MatchCardinality.OneToOne)
        {
            labels = _matching.On ? labels.Only([.. _matching.Labels]) : labels.Without([.. _matching.Labels]);
        }

        foreach (var label in _matching.Include)
        {
            labels = labels.With(label, one[label]);
        }

        return labels;
    }

    private Labels Key(Labels labels) => _matching.On ? labels.Only(_labels) : labels.Without(_labels);

    private int[] Keys(StepMatrix matrix)
    {
        var keys = new int[matrix.Count];
        for (var row = 0; row < keys.Length; row++)
        {
            var key = Key(matrix.Labels(row));
            if (!_keys.TryGetValue(key, out keys[row]))
            {
                _keys.Add(key, keys[row] = _keys.Count);
            }
        }

        return keys;
    }

    /// <summary>At which steps a key has a sample: a bit each, at <c>key × steps + step</c>. A sample's place in the budget holds 64 of them.</summary>
    private BitArray Presence(StepMatrix matrix, int[] keys)
    {
        var bits = (long)_keys.Count * matrix.Steps;
        _budget.Take(SamplesOf(bits));
        var present = new BitArray(bits <= Array.MaxLength ? (int)bits : throw SampleBudget.Exceeded());
        for (var row = 0; row < keys.Length; row++)
        {
            var values = matrix[row];
            for (var step = 0; step < values.Length; step++)
            {
                if (!Sample.IsStale(values[step]))
                {
                    present[(keys[row] * values.Length) + step] = true;
                }
            }
        }

        return present;
    }

    private static long SamplesOf(long bits) => (bits / 64) + 1;

    private void Copy(MatrixBuilder builder, StepMatrix matrix, int[] keys, BitArray? others, bool wanted)
    {
        for (var row = 0; row < matrix.Count; row++)
        {
            var target = -1;
            for (var step = 0; step < matrix.Steps; step++)
            {
                if (!Sample.IsStale(matrix[row][step]) && (others is null || others[(keys[row] * matrix.Steps) + step] == wanted))
                {
                    target = target < 0 ? builder.Row(matrix.Labels(row), matrix.DropName(row)) : target;
                    builder.Put(target, step, matrix[row][step]);
                }
            }
        }

        _budget.Return(others is null ? 0 : SamplesOf(others.Length));
    }
}
