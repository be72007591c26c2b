using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>What an envelope says, in one line of text for people; may still hold line feeds of the log itself.</summary>
internal static class LineText
{
    /// <summary>
    /// Writes a log's payload, <c>name delta total</c> of a counter, <c>name=value unit</c> of each metric, <c>name duration</c> of a timer or
    /// <c>title: body</c> of an event. Always valid UTF-8.
    /// </summary>
    public static void Summary(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        switch (header.Type)
        {
            case EnvelopeType.Log:
                output.Write(RecordText.Valid(RecordText.WithoutLineEnd(EnvelopeReader.LogPayload(envelope, header))));
                break;
            case EnvelopeType.Counter:
                var counter = EnvelopeReader.Counter(envelope, header);
                output.Write(counter.Name);
                output.Write(" +"u8);
                RecordText.Number(output, counter.Delta);
                output.Write(" = "u8);
                RecordText.Number(output, counter.Total);
                break;
            case EnvelopeType.Gauge:
                Metrics(output, envelope, header);
                break;
            case EnvelopeType.Timer:
                var timer = EnvelopeReader.Timer(envelope, header);
                output.Write(timer.Name);
                output.Write(" "u8);
                RecordText.Number(output, (timer.Stop - timer.Start) / 1e6);
                output.Write(" ms"u8);
                break;
            case EnvelopeType.Event:
                var happening = EnvelopeReader.Event(envelope, header);
                output.Write(happening.Title);
                output.Write(": "u8);
                output.Write(happening.Body);
                break;
            default:
                break;
        }
    }

    private static void Metrics(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var metrics = new MapEntries(envelope, scratch);
        try
        {
            metrics.CollectMetrics(header);
            metrics.SortDistinct();
            var separator = ""u8;
            foreach (var metric in metrics.Entries)
            {
                MetricReader.ReadValue(metric.Value.Of(envelope), out var unit, out var value);
                output.Write(separator);
                output.Write(metric.Key.Of(envelope));
                output.Write("="u8);
                RecordText.Number(output, value);
                output.Write(unit.IsEmpty ? ""u8 : " "u8);
                output.Write(unit);
                separator = ", "u8;
            }
        }
        finally
        {
            metrics.Dispose();
        }
    }
}
