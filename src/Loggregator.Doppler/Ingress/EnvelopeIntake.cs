using Google.Protobuf;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;

namespace Loggregator.Doppler.Ingress;

/// <summary>
/// Step 5 of the spine for bytes from outside: validates each envelope, numbers it, and hands the batch to the log in one piece. Any thread.
/// Reading runs side by side; numbering and appending share one lock, so that the numbers of a stream ascend in the log.
/// </summary>
internal sealed class EnvelopeIntake(EnvelopeLog log, DopplerCounters counters)
{
    private const int UsualGrowth = 512; // of an envelope that is turned into one of v2
    private const int MaxStreams = 128 * 1024;

    // What a reader takes in one message, less record header and stamp.
    private const int MaxEnvelopeBytes = RawMethods.MaxMessageBytes - 64;

    private static readonly string[] ReservedTags = ["hop", "reason"];
    private readonly Lock _gate = new();
    private readonly StampTable _stamps = new(MaxStreams, Random.Shared.NextInt64());

    /// <summary>Takes an EnvelopeBatch. False when the message is malformed; the envelopes before that place were taken.</summary>
    public bool AcceptBatch(ReadOnlySpan<byte> message, IntakeScratch scratch)
    {
        var records = new RecordReader(message);
        var received = 0;
        while (records.MoveNext())
        {
            received++;
            Read(records.Current, records.RecordOffset + records.RecordLength - records.Current.Length, scratch);
        }

        Append(message, scratch, received);
        return !records.Malformed;
    }

    /// <summary>Takes one bare envelope.</summary>
    public void Accept(ReadOnlySpan<byte> envelope, IntakeScratch scratch)
    {
        Read(envelope, 0, scratch);
        Append(envelope, scratch, 1);
    }

    /// <summary>Takes an EnvelopeData of plumbing: the v2 form of the dropsonde envelope in it, and its own bytes beside. One that is none is dropped alone.</summary>
    public void AcceptDropsonde(ReadOnlySpan<byte> message, IntakeScratch scratch)
    {
        Interlocked.Increment(ref counters.PushedV1);
        var data = new RecordReader(message); // the field has the number of a record's
        var payload = data.MoveNext() ? data.Current : default;
        var fault = DropsondeEnvelope.TryRead(payload, out var dropsonde);
        if (fault != ConversionFault.None)
        {
            Interlocked.Increment(ref counters.Invalid);
            Interlocked.Increment(ref counters.UnreadableV1[(int)fault]);
            Append(default, scratch, 1);
            return;
        }

        using var both = MessageBuffer.Rent((2 * payload.Length) + UsualGrowth);
        V1ToV2.Write(both, payload, dropsonde, DropsondeTagging.None);
        var length = both.Length;
        both.Write(payload);
        Read(both.Span[..length], 0, scratch, payload.Length);
        Append(both.Span, scratch, 1);
    }

    private void Read(ReadOnlySpan<byte> envelope, int offset, IntakeScratch scratch, int originalLength = 0)
    {
        if (!RawEnvelope.TryRead(envelope, out var header))
        {
            Interlocked.Increment(ref counters.Invalid);
        }
        else if (envelope.Length > MaxEnvelopeBytes)
        {
            Interlocked.Increment(ref counters.TooLarge);
        }
        else if (PretendsToBeOurs(envelope, header))
        {
            var renamed = Rename(envelope);
            RawEnvelope.TryRead(renamed, out header);
            scratch.Add(header, renamed, offset + envelope.Length, originalLength);
        }
        else
        {
            scratch.Add(header, offset, envelope.Length, originalLength);
        }
    }

    private void Append(ReadOnlySpan<byte> message, IntakeScratch scratch, int received)
    {
        Interlocked.Add(ref counters.Received, received);
        Interlocked.Add(ref counters.ReceivedBytes, message.Length);
        Interlocked.Increment(ref counters.Batches);
        if (scratch.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (ref readonly var read in scratch.Envelopes)
            {
                var envelope = read.Renamed ?? message.Slice(read.Offset, read.Length);
                scratch.Write(envelope, message.Slice(read.Original.Offset, read.Original.Length), read.Header, _stamps);
            }

            log.Append(scratch.Records, scratch.Rows);
        }

        Interlocked.Add(ref counters.Stamped, scratch.Stamped);
        scratch.Clear();
    }

    // A gap record, or a counter whose deprecated tags could become one when they are made tags.
    private static bool PretendsToBeOurs(ReadOnlySpan<byte> envelope, in EnvelopeHeader header) =>
        (header.Flags & EnvelopeFlags.GapRecord) != 0
        || ((header.Flags & EnvelopeFlags.DeprecatedTags) != 0
            && header.Type == EnvelopeType.Counter
            && EnvelopeReader.Counter(envelope, header).Name.SequenceEqual("dropped"u8));

    private static byte[] Rename(ReadOnlySpan<byte> envelope)
    {
        var parsed = Envelope.Parser.ParseFrom(envelope);
        foreach (var tag in ReservedTags)
        {
            if (parsed.Tags.Remove(tag, out var text))
            {
                parsed.Tags["producer_" + tag] = text;
            }

            if (parsed.DeprecatedTags.Remove(tag, out var value))
            {
                parsed.DeprecatedTags["producer_" + tag] = value;
            }
        }

        return parsed.ToByteArray();
    }
}
