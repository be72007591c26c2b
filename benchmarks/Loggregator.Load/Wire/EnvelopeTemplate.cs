using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.V2;

namespace Loggregator.Load.Wire;

/// <summary>
/// One log envelope, serialised once. Every envelope of a run has the same length and the same places for what differs (timestamp, source id,
/// trace), so that making one is three small writes.
/// </summary>
internal sealed class EnvelopeTemplate
{
    private const long SampleTimestamp = 1L << 60; // like every time from 1988 to 2262 its varint takes 9 bytes
    private const int TimestampLength = 9;
    private static readonly (string Key, string Value)[] KnownTags =
        [("deployment", "cf"), ("job", "cell"), ("index", "17"), ("ip", "10.0.1.17"), ("origin", "rep"), ("source_type", "APP")];

    private readonly byte[] _envelope;
    private readonly int _timestampAt, _sourceAt, _traceAt;

    public EnvelopeTemplate(uint run, int payloadBytes, int tags)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(payloadBytes, Trace.Length);
        Run = run;
        var payload = new byte[payloadBytes];
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] = (byte)('a' + (i % 26));
        }

        new Trace(run, 0, 0, 0, SampleTimestamp).Write(payload);
        var envelope = new Envelope
        {
            Timestamp = SampleTimestamp,
            SourceId = SourceName.Of(0, run),
            InstanceId = "0",
            Log = new Log { Payload = ByteString.CopyFrom(payload) },
        };
        for (var i = 0; i < tags; i++)
        {
            var (key, value) = i < KnownTags.Length ? KnownTags[i] : (string.Create(CultureInfo.InvariantCulture, $"tag{i}"), "value");
            envelope.Tags.Add(key, value);
        }

        _envelope = envelope.ToByteArray();
        _timestampAt = 1; // behind the key of field 1, the first that the serialiser writes
        _sourceAt = _envelope.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(envelope.SourceId));
        _traceAt = _envelope.AsSpan().IndexOf(payload.AsSpan(0, Trace.Length));
        Debug.Assert(_envelope[0] == 0x08 && _sourceAt > 0 && _traceAt > 0, "The serialiser wrote the fields in another order.");
        Record = new byte[1 + CodedOutputStream.ComputeLengthSize(_envelope.Length) + _envelope.Length];
        var output = new CodedOutputStream(Record);
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteLength(_envelope.Length);
        output.Flush();
        _envelope.CopyTo(Record.AsSpan(Record.Length - _envelope.Length));
    }

    /// <summary>The run in whose name envelopes are made.</summary>
    public uint Run { get; }

    /// <summary>Bytes of an envelope.</summary>
    public int EnvelopeLength => _envelope.Length;

    /// <summary>The envelope as an element of a batch: key and length of field 1 in front.</summary>
    public byte[] Record { get; }

    /// <summary>A batch message of <paramref name="count"/> envelopes, or the bare envelope when they travel alone.</summary>
    public void Fill(IBufferWriter<byte> message, int count, bool bare)
    {
        for (var i = 0; i < count; i++)
        {
            message.Write(bare ? _envelope : Record);
        }
    }

    /// <summary>Makes the <paramref name="index"/>-th envelope of a message that <see cref="Fill"/> wrote.</summary>
    public void Patch(Span<byte> message, int index, bool bare, in Trace trace)
    {
        var envelope = bare ? message : message.Slice(((index + 1) * Record.Length) - _envelope.Length, _envelope.Length);
        var time = envelope.Slice(_timestampAt, TimestampLength);
        var left = (ulong)trace.Scheduled;
        for (var i = 0; i < TimestampLength - 1; i++, left >>= 7)
        {
            time[i] = (byte)(left | 0x80);
        }

        time[^1] = (byte)left;
        Utf8Formatter.TryFormat((uint)trace.Source, envelope[_sourceAt..], out _, new StandardFormat('x', SourceName.IndexLength));
        trace.Write(envelope[_traceAt..]);
    }
}
