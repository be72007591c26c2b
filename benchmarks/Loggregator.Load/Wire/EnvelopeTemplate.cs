using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.Load.Wire;

/// <summary>
/// One envelope, serialised once. Every envelope that is made of it has the same length and the same places for what differs (timestamp, source id,
/// trace or values), so that making one is a copy and a few small writes.
/// </summary>
internal sealed class EnvelopeTemplate
{
    private const long SampleTimestamp = 1L << 60; // like every time from 1988 to 2262 its varint takes 9 bytes
    private const int TimestampLength = 9;
    private const ulong SampleValue = 0x7ff0_5a3c_96e1_0000; // bits that nothing else in an envelope has; the metric's index is added
    private static readonly (string Key, string Value)[] KnownTags =
        [("deployment", "cf"), ("job", "cell"), ("index", "17"), ("ip", "10.0.1.17"), ("origin", "rep"), ("source_type", "APP")];

    private static readonly (string Name, string Unit)[] KnownMetrics =
        [("cpu", "percentage"), ("memory", "bytes"), ("disk", "bytes"), ("memory_quota", "bytes"), ("disk_quota", "bytes")];

    private readonly byte[] _record;
    private readonly int _timestampAt, _sourceAt;
    private int _traceAt = -1;
    private int[] _valuesAt = [];

    private EnvelopeTemplate(Envelope envelope)
    {
        var bytes = envelope.ToByteArray();
        EnvelopeLength = bytes.Length;
        _timestampAt = 1; // behind the key of field 1, the first that the serialiser writes
        _sourceAt = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(envelope.SourceId));
        Debug.Assert(bytes[0] == 0x08 && _sourceAt > 0, "The serialiser wrote the fields in another order.");
        _record = new byte[1 + CodedOutputStream.ComputeLengthSize(bytes.Length) + bytes.Length];
        var output = new CodedOutputStream(_record);
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteLength(bytes.Length);
        output.Flush();
        bytes.CopyTo(_record.AsSpan(_record.Length - bytes.Length));
    }

    /// <summary>Bytes of an envelope.</summary>
    public int EnvelopeLength { get; }

    private ReadOnlySpan<byte> Envelope => _record.AsSpan(_record.Length - EnvelopeLength);

    /// <summary>Log lines whose first bytes are their trace.</summary>
    public static EnvelopeTemplate OfLogs(uint run, int payloadBytes, int tags)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(payloadBytes, Trace.Length);
        var payload = new byte[payloadBytes];
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] = (byte)('a' + (i % 26));
        }

        new Trace(run, 0, 0, 0, SampleTimestamp).Write(payload);
        var envelope = NewEnvelope(run, tags);
        envelope.Log = new Log { Payload = ByteString.CopyFrom(payload) };
        var template = new EnvelopeTemplate(envelope);
        template._traceAt = template.Envelope.IndexOf(payload.AsSpan(0, Trace.Length));
        return template;
    }

    /// <summary>Gauges of so many values, whole numbers that grow with the sequence; who reads them cannot tell which envelope it has.</summary>
    public static EnvelopeTemplate OfGauges(uint run, int values, int tags)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values, 1);
        var envelope = NewEnvelope(run, tags);
        envelope.Gauge = new Gauge();
        for (var i = 0; i < values; i++)
        {
            var (name, unit) = i < KnownMetrics.Length ? KnownMetrics[i] : (string.Create(CultureInfo.InvariantCulture, $"metric{i}"), "");
            envelope.Gauge.Metrics.Add(name, new GaugeValue { Unit = unit, Value = BitConverter.UInt64BitsToDouble(SampleValue + (ulong)i) });
        }

        var template = new EnvelopeTemplate(envelope);
        var sample = new byte[sizeof(ulong)];
        template._valuesAt = [.. Enumerable.Range(0, values).Select(i =>
        {
            BinaryPrimitives.WriteUInt64LittleEndian(sample, SampleValue + (ulong)i);
            return template.Envelope.IndexOf(sample);
        })];
        return template;
    }

    /// <summary>Adds an envelope to a message: as an element of a batch, or bare where they travel alone.</summary>
    public void Append(MessageBuffer message, bool bare, in Trace trace)
    {
        message.Write(bare ? Envelope : _record);
        var envelope = message.Writable[^EnvelopeLength..];
        var time = envelope.Slice(_timestampAt, TimestampLength);
        var left = (ulong)trace.Scheduled;
        for (var i = 0; i < TimestampLength - 1; i++, left >>= 7)
        {
            time[i] = (byte)(left | 0x80);
        }

        time[^1] = (byte)left;
        Utf8Formatter.TryFormat((uint)trace.Source, envelope[_sourceAt..], out _, new StandardFormat('x', SourceName.IndexLength));
        if (_traceAt >= 0)
        {
            trace.Write(envelope[_traceAt..]);
        }

        for (var i = 0; i < _valuesAt.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(envelope[_valuesAt[i]..], ValueOf(trace, i));
        }
    }

    // Like a counter: by 50 a step, and a little more or less.
    private static double ValueOf(in Trace trace, int metric) => (trace.Sequence * 50) + (((trace.Sequence * 7919) + (ulong)(trace.Source + metric)) % 50);

    private static Envelope NewEnvelope(uint run, int tags)
    {
        var envelope = new Envelope { Timestamp = SampleTimestamp, SourceId = SourceName.Of(0, run), InstanceId = "0" };
        for (var i = 0; i < tags; i++)
        {
            var (key, value) = i < KnownTags.Length ? KnownTags[i] : (string.Create(CultureInfo.InvariantCulture, $"tag{i}"), "value");
            envelope.Tags.Add(key, value);
        }

        return envelope;
    }
}
