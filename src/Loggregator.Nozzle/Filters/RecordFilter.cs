using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Loggregator.Nozzle.Settings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;

namespace Loggregator.Nozzle.Filters;

/// <summary>
/// What a sink takes: its selectors, source patterns, severity and regular expressions must all agree. Gap records of its sources it always
/// takes, so that it learns of losses. Immutable; any thread may ask.
/// </summary>
internal sealed class RecordFilter
{
    private readonly EnvelopeSelector[] _selectors;
    private readonly SourceGlob[] _sources;
    private readonly SourceGlob[] _otherSources;
    private readonly Regex? _match;
    private readonly Regex? _exclude;
    private readonly bool _errorsOnly;

    private RecordFilter(Selector[] selectors, SourceGlob[] sources, SourceGlob[] otherSources, Regex? match, Regex? exclude, bool errorsOnly)
    {
        _selectors = [.. selectors.Select(selector => new EnvelopeSelector(selector))];
        (_sources, _otherSources) = (sources, otherSources);
        (_match, _exclude, _errorsOnly) = (match, exclude, errorsOnly);
        TakesAllSelected = sources.Length == 0 && otherSources.Length == 0 && match is null && exclude is null && !errorsOnly;
        Selectors = selectors;
    }

    /// <summary>Takes everything.</summary>
    public static RecordFilter All { get; } = new(SelectorText.OfTypes(Enum.GetValues<EnvelopeType>()), [], [], null, null, false);

    /// <summary>What to subscribe to for this sink: whatever is taken matches one of them, but for gap records.</summary>
    public IReadOnlyList<Selector> Selectors { get; }

    /// <summary>Whether it takes whatever one of <see cref="Selectors"/> brings, so that it need not be asked.</summary>
    public bool TakesAllSelected { get; }

    /// <summary>
    /// Reads <c>selectors</c> (<see cref="SelectorText"/>), <c>sources</c> (patterns, those with <c>!</c> in front exclude), <c>match</c> and
    /// <c>exclude</c> (regular expressions for the payload of logs), <c>severity</c> (<c>info</c> or <c>err</c>; of logs), and the
    /// original's <c>drain-data</c>, <c>drain-type</c> and <c>include-metrics-deprecated</c>.
    /// </summary>
    public static RecordFilter Read(OptionReader read)
    {
        var sources = read.List("sources");
        return new RecordFilter(
            ReadSelectors(read),
            [.. sources.Where(text => text[0] != '!').Select(text => new SourceGlob(text))],
            [.. sources.Where(text => text[0] == '!').Select(text => new SourceGlob(text[1..]))],
            ReadRegex(read, "match"),
            ReadRegex(read, "exclude"),
            read.Read("severity", Severity.Info) == Severity.Err);
    }

    /// <summary>Whether the sink takes this envelope. The header must be that of these bytes.</summary>
    public bool Takes(ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if (!TakesSource(header.SourceId.Of(envelope)))
        {
            return false;
        }

        if ((header.Flags & EnvelopeFlags.GapRecord) != 0)
        {
            return true;
        }

        var selected = false;
        foreach (var selector in _selectors)
        {
            selected |= selector.Matches(header, envelope);
        }

        if (!selected || header.Type != EnvelopeType.Log)
        {
            return selected;
        }

        return (!_errorsOnly || (header.Flags & EnvelopeFlags.Error) != 0) && TakesPayload(envelope, header);
    }

    /// <summary>Whether the sink takes anything of this source.</summary>
    public bool TakesSource(ReadOnlySpan<byte> source)
    {
        var taken = _sources.Length == 0;
        foreach (var glob in _sources)
        {
            taken |= glob.Matches(source);
        }

        foreach (var glob in _otherSources)
        {
            taken &= !glob.Matches(source);
        }

        return taken;
    }

    private bool TakesPayload(ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if (_match is null && _exclude is null)
        {
            return true;
        }

        var payload = EnvelopeReader.LogPayload(envelope, header);
        var text = ArrayPool<char>.Shared.Rent(payload.Length);
        try
        {
            var length = Encoding.UTF8.GetChars(payload, text);
            return (_match?.IsMatch(text.AsSpan(0, length)) ?? true) && !(_exclude?.IsMatch(text.AsSpan(0, length)) ?? false);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text);
        }
    }

    private static Selector[] ReadSelectors(OptionReader read)
    {
        var types = DrainTypes(read);
        var selectors = new List<Selector>();
        foreach (var text in read.List("selectors"))
        {
            if (SelectorText.TryParse(text, out var selector))
            {
                selectors.Add(selector);
            }
            else
            {
                read.Fail($"selectors: '{text}' is none: write log, counter, gauge, timer or event, then :NAME for a counter, :NAME+NAME for a gauge, then @SOURCE.");
            }
        }

        return selectors.Count > 0 ? [.. selectors] : SelectorText.OfTypes(types);
    }

    // The original's parameters, in the order in which one overrides the other; without any of them a sink takes everything.
    private static EnvelopeType[] DrainTypes(OptionReader read)
    {
        var types = read.Text("drain-type") switch
        {
            "logs" => [EnvelopeType.Log],
            "metrics" => [EnvelopeType.Counter, EnvelopeType.Gauge],
            "all" => [EnvelopeType.Log, EnvelopeType.Counter, EnvelopeType.Gauge],
            _ => Enum.GetValues<EnvelopeType>(),
        };
        types = read.Text("drain-data") switch
        {
            "logs" => [EnvelopeType.Log, EnvelopeType.Event],
            "metrics" => [EnvelopeType.Counter, EnvelopeType.Gauge],
            "traces" => [EnvelopeType.Timer],
            "all" => Enum.GetValues<EnvelopeType>(),
            _ => types,
        };
        return string.IsNullOrEmpty(read.Text("include-metrics-deprecated")) ? types : Enum.GetValues<EnvelopeType>();
    }

    private static Regex? ReadRegex(OptionReader read, string name)
    {
        if (read.Text(name) is not { } pattern)
        {
            return null;
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant); // linear, whatever a tenant writes
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            read.Fail($"{name}: '{pattern}' is no regular expression that takes linear time ({e.Message.TrimEnd('.')}).");
            return null;
        }
    }
}
