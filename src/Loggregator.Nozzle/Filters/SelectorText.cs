using System.Diagnostics.CodeAnalysis;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;

namespace Loggregator.Nozzle.Filters;

/// <summary>
/// A selector as users write it: <c>log</c>, <c>counter:requests</c>, <c>gauge:cpu+memory@app-1</c>: a type, then names behind a colon, then the
/// exact source id behind an at sign.
/// </summary>
internal static class SelectorText
{
    /// <summary>One selector for each of these types.</summary>
    public static Selector[] OfTypes(IEnumerable<EnvelopeType> types) =>
        [.. types.Where(type => type != EnvelopeType.None).Select(type => Build(type.ToString(), "", "")!)];

    /// <summary>Reads a selector; false when it is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Selector? selector)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var source = at < 0 ? "" : text[(at + 1)..];
        var type = at < 0 ? text : text[..at];
        var colon = type.IndexOf(':', StringComparison.Ordinal);
        var names = colon < 0 ? "" : type[(colon + 1)..];
        selector = at == text.Length - 1 || colon == type.Length - 1 ? null : Build(colon < 0 ? type : type[..colon], names, source);
        return selector is not null;
    }

    private static Selector? Build(string type, string names, string source) => (type.ToLowerInvariant(), names.Length > 0) switch
    {
        ("log", false) => new Selector { SourceId = source, Log = new LogSelector() },
        ("counter", _) => new Selector { SourceId = source, Counter = new CounterSelector { Name = names } },
        ("gauge", _) => new Selector { SourceId = source, Gauge = new GaugeSelector { Names = { names.Split('+', StringSplitOptions.RemoveEmptyEntries) } } },
        ("timer", false) => new Selector { SourceId = source, Timer = new TimerSelector() },
        ("event", false) => new Selector { SourceId = source, Event = new EventSelector() },
        _ => null,
    };
}
