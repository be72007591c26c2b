using System.Text;
using Google.Protobuf;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.V2;

namespace Loggregator.Tests.Nozzle.Rendering;

/// <summary>Renders single envelopes.</summary>
internal static class Render
{
    public static readonly DopplerIdentity Doppler = new("doppler-1", 0xABC);

    public static IReadOnlyList<byte[]> Bytes(IRecordFormat format, byte[] envelope, out string? refused)
    {
        using var batch = new RecordBatch();
        using var messages = new RenderedMessages(format);
        batch.Add(envelope, Doppler, 42);
        messages.Render(batch);
        refused = batch.Refusals.Count == 0 ? null : batch.Refusals[0].Why;
        return [.. Enumerable.Range(0, messages.Count).Select(i => messages[i].ToArray())];
    }

    public static IReadOnlyList<string> Texts(IRecordFormat format, Envelope envelope)
    {
        var messages = Bytes(format, envelope.ToByteArray(), out var refused);
        return refused is null ? [.. messages.Select(Encoding.UTF8.GetString)] : throw new InvalidOperationException(refused);
    }

    public static string Text(IRecordFormat format, Envelope envelope) => Texts(format, envelope).Single();
}
