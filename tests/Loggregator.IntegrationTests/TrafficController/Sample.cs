using System.Text;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>Envelopes as bytes.</summary>
internal static class Sample
{
    public static byte[] Log(string source, string text, long timestamp = 1, string instance = "0") => new Envelope
    {
        Timestamp = timestamp,
        SourceId = source,
        InstanceId = instance,
        Log = new Log { Payload = ByteString.CopyFromUtf8(text) },
    }.ToByteArray();

    public static byte[][] Logs(string source, int from, int count) =>
        [.. Enumerable.Range(from, count).Select(i => Log(source, $"{source}-{i}", i + 1))];

    public static byte[] Counter(string source, string name, ulong delta = 1) => new Envelope
    {
        Timestamp = 1,
        SourceId = source,
        Counter = new Counter { Name = name, Delta = delta },
    }.ToByteArray();

    public static byte[] BigLog(string source, int bytes) => Log(source, new string('x', bytes));

    public static byte[] GapRecord(string source, ulong count) => new Envelope
    {
        Timestamp = 9,
        SourceId = source,
        InstanceId = "0",
        Counter = new Counter { Name = "dropped", Delta = count },
        Tags = { ["hop"] = "agent", ["reason"] = "ring_full" },
    }.ToByteArray();

    /// <summary>A log "source-sequence" with a stamp.</summary>
    public static byte[] Stamped(string source, ulong sequence, uint epoch = 1) =>
        Stamped(Log(source, $"{source}-{sequence}", (long)sequence), sequence, epoch);

    /// <summary>An envelope with a stamp.</summary>
    public static byte[] Stamped(byte[] envelope, ulong sequence, uint epoch = 1)
    {
        Span<byte> stamp = stackalloc byte[Stamp.MaxLength];
        var length = Stamp.Write(stamp, epoch, sequence);
        return [.. envelope, .. stamp[..length]];
    }

    /// <summary>The envelope as version 1 has it.</summary>
    public static byte[] V1(byte[] envelope)
    {
        using var records = MessageBuffer.Rent(64);
        RawEnvelope.TryRead(envelope, out var header);
        V2ToV1.Write(records, envelope, header, int.MaxValue, out _);
        var reader = new RecordReader(records.Span);
        return reader.MoveNext() ? reader.Current.ToArray() : [];
    }

    public static string Text(Envelope envelope) => Encoding.UTF8.GetString(envelope.Log.Payload.Span);
}
