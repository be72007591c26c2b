using System.Text;
using System.Text.RegularExpressions;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// The <c>name_filter</c> of a log-cache read: a regular expression that is sought anywhere in the names of metrics. Counters and timers are
/// kept when their name matches, a gauge as a copy with the metrics that match; whatever has no name is dropped. Linear in time, whatever
/// the expression. Any thread.
/// </summary>
public sealed class NameFilter
{
    private const int MaxLength = 1024;
    private const int MaxStates = 20_000; // of the automaton: a few characters can ask for billions
    private const int MaxStackName = 256;
    private readonly Regex _expression;

    static NameFilter() => AppContext.SetData("REGEX_NONBACKTRACKING_MAX_AUTOMATA_SIZE", MaxStates);

    private NameFilter(Regex expression) => _expression = expression;

    /// <summary>Reads an expression.</summary>
    /// <param name="pattern">RE2's dialect as far as .NET shares it; <c>(?P&lt;name&gt;…)</c> is understood.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <returns>Null when it is no expression that can be matched in linear time.</returns>
    public static NameFilter? TryCreate(string pattern, out string error)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        error = "";
        if (pattern.Length > MaxLength)
        {
            error = $"error parsing regexp: expression is longer than {MaxLength} characters";
            return null;
        }

        try
        {
            var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
            return new NameFilter(new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), options));
        }
        catch (RegexParseException e) when (e.Error == RegexParseError.UnterminatedBracket)
        {
            error = $"error parsing regexp: missing closing ]: `{pattern[Math.Max(0, pattern.LastIndexOf('['))..]}`"; // RE2's words, which tools print
        }
        catch (ArgumentException e)
        {
            error = $"error parsing regexp: {e.Message}";
        }
        catch (NotSupportedException e)
        {
            error = $"error parsing regexp: {e.Message}";
        }

        return null;
    }

    /// <summary>Writes what is kept of an envelope as a record.</summary>
    /// <returns>False, and nothing written, when it is dropped.</returns>
    public bool TryWrite(MessageBuffer records, ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        ArgumentNullException.ThrowIfNull(records);
        switch (header.Type)
        {
            case EnvelopeType.Counter when Matches(EnvelopeReader.Counter(envelope, header).Name):
            case EnvelopeType.Timer when Matches(EnvelopeReader.Timer(envelope, header).Name):
                Records.Append(records, envelope);
                return true;
            case EnvelopeType.Gauge:
                return TryWriteGauge(records, envelope, header);
            default:
                return false;
        }
    }

    private bool TryWriteGauge(MessageBuffer records, ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        using var metrics = MessageBuffer.Rent(header.Payload.Length);
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var entries = new MapEntries(envelope, scratch);
        try
        {
            entries.CollectMetrics(header);
            entries.SortDistinct();
            foreach (var entry in entries.Entries)
            {
                if (Matches(entry.Key.Of(envelope)))
                {
                    EnvelopeWriter.MapEntry(metrics, Fields.GaugeMetrics, entry.Key.Of(envelope), entry.Value.Of(envelope));
                }
            }
        }
        finally
        {
            entries.Dispose();
        }

        if (metrics.Length == 0)
        {
            return false;
        }

        using var reduced = MessageBuffer.Rent(envelope.Length);
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag is not (Fields.Log or Fields.Counter or Fields.Gauge or Fields.Timer or Fields.Event))
            {
                reduced.Write(fields.Field);
            }
        }

        var wire = new WireWriter(reduced.GetSpan(WireWriter.FieldLength(Fields.Gauge, metrics.Length)));
        wire.Bytes(Fields.Gauge, metrics.Span);
        wire.CommitTo(reduced);
        Records.Append(records, reduced.Span);
        return true;
    }

    private bool Matches(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxStackName)
        {
            return _expression.IsMatch(Encoding.UTF8.GetString(name));
        }

        Span<char> text = stackalloc char[MaxStackName];
        return _expression.IsMatch(text[..Encoding.UTF8.GetChars(name, text)]);
    }
}
