using Google.Protobuf;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.Doppler.Ingress;

/// <summary>
/// Step 5 of the spine for bytes from outside: validates each envelope, numbers it, and hands the batch to the log in one piece. Any thread.
/// Reading runs side by side; numbering and appending share one lock, so that the numbers of a stream ascend in the log.
/// </summary>
internal sealed class EnvelopeIntake(EnvelopeLog log, DopplerCounters counters)
{
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

    private void Read(ReadOnlySpan<byte> envelope, int offset, IntakeScratch scratch)
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
            scratch.Add(header, renamed);
        }
        else
        {
            scratch.Add(header, offset, envelope.Length);
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
                scratch.Write(envelope, read.Header, _stamps);
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
