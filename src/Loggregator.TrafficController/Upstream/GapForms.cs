using System.Globalization;
using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// How a client that reads plain envelopes is told a loss: as the counter <c>dropped</c> where its selectors admit that counter of the source
/// that lost, else as a log line of source type <c>LGR</c> where they admit its logs, else not.
/// </summary>
internal sealed class GapForms
{
    private const string CounterName = "dropped";
    private readonly HashSet<string> _counters = [];
    private readonly HashSet<string> _logs = [];

    public GapForms(IReadOnlyList<Selector> selectors)
    {
        foreach (var selector in selectors)
        {
            if (selector.MessageCase == Selector.MessageOneofCase.Counter && selector.Counter.Name is "" or CounterName)
            {
                _counters.Add(selector.SourceId);
            }
            else if (selector.MessageCase == Selector.MessageOneofCase.Log)
            {
                _logs.Add(selector.SourceId);
            }
        }
    }

    /// <summary>Whether gap records have to be asked for, because no selector brings them but some log line would tell them.</summary>
    public bool NeedsGaps => _logs.Any(source => !Admits(_counters, source));

    public bool AdmitsCounter(string source) => Admits(_counters, source);

    /// <summary>Writes one bare envelope into an empty buffer; false when the client has asked for no form of it.</summary>
    public bool TryWrite(MessageBuffer envelope, StreamGap gap)
    {
        var source = Encoding.UTF8.GetBytes(gap.SourceId);
        var instance = Encoding.UTF8.GetBytes(gap.InstanceId);
        if (Admits(_counters, gap.SourceId))
        {
            GapRecord.Write(
                envelope, source, instance, gap.Count, Encoding.UTF8.GetBytes(gap.Hop), Encoding.UTF8.GetBytes(gap.Reason), gap.LastTimestamp, gap.UpperBound);
            return true;
        }

        if (!Admits(_logs, gap.SourceId))
        {
            return false;
        }

        WriteLine(envelope, gap);
        return true;
    }

    /// <summary>Writes the log line of a loss, one bare envelope.</summary>
    public static void WriteLine(MessageBuffer envelope, StreamGap gap)
    {
        EnvelopeWriter.Tag(envelope, "source_type"u8, "LGR"u8);
        EnvelopeWriter.Log(
            envelope, gap.LastTimestamp, Encoding.UTF8.GetBytes(gap.SourceId), Encoding.UTF8.GetBytes(gap.InstanceId), Encoding.UTF8.GetBytes(Line(gap)), isError: true);
    }

    /// <summary>A loss in words, for example <c>1,204 envelopes lost (doppler: evicted), 14:03:07.000 to 14:03:09.125 UTC</c>.</summary>
    public static string Line(StreamGap gap)
    {
        var text = new StringBuilder();
        text.Append(gap.UpperBound ? "up to " : "")
            .Append(gap.Count.ToString("N0", CultureInfo.InvariantCulture))
            .Append(gap.Count == 1 ? " envelope lost (" : " envelopes lost (")
            .Append(gap.Hop).Append(": ").Append(gap.Reason).Append(')');
        if (gap.FirstTimestamp != 0 && gap.FirstTimestamp != gap.LastTimestamp)
        {
            text.Append(", ").Append(Clock(gap.FirstTimestamp)).Append(" to ").Append(Clock(gap.LastTimestamp)).Append(" UTC");
        }

        return text.ToString();
    }

    private static bool Admits(HashSet<string> sources, string source) => sources.Contains("") || sources.Contains(source);

    private static string Clock(long timestamp) =>
        DateTimeOffset.UnixEpoch.AddTicks(timestamp / 100).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
