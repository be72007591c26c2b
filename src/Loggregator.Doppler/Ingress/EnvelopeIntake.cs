using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;

namespace Loggregator.Doppler.Ingress;

/// <summary>
/// Step 5 of the spine for bytes from outside: validates each envelope and hands the batch in one piece to the log, which numbers it, and to the series.
/// Any thread.
/// </summary>
internal sealed class EnvelopeIntake(DopplerCounters counters)
{
    private const int UsualGrowth = 512; // of an envelope that is turned into one of v2

    // What a reader takes in one message, less record header and stamp.
    private const int MaxEnvelopeBytes = RawMethods.MaxMessageBytes - 64;

    private static readonly string[] ReservedTags = ["hop", "reason"];

    /// <summary>Takes an EnvelopeBatch. False when the message is malformed; the envelopes before that place were taken.</summary>
    public bool AcceptBatch(ReadOnlySpan<byte> message, IntakeBatch batch)
    {
        var records = new RecordReader(message);
        var received = 0;
        while (records.MoveNext())
        {
            received++;
            Read(message, records.RecordOffset + records.RecordLength - records.Current.Length, records.Current.Length, batch);
        }

        Count(received, message.Length);
        Append(message, batch);
        return !records.Malformed;
    }

    /// <summary>Takes one bare envelope.</summary>
    public void Accept(ReadOnlySpan<byte> envelope, IntakeBatch batch)
    {
        Count(1, envelope.Length);
        Read(envelope, 0, envelope.Length, batch);
        Append(envelope, batch);
    }

    /// <summary>Takes an EnvelopeData of plumbing: the v2 form of the dropsonde envelope in it, and its own bytes beside. One that is none is dropped alone.</summary>
    public void AcceptDropsonde(ReadOnlySpan<byte> message, IntakeBatch batch)
    {
        Interlocked.Increment(ref counters.PushedV1);
        var data = new RecordReader(message); // the field has the number of a record's
        var payload = data.MoveNext() ? data.Current : default;
        var fault = DropsondeEnvelope.TryRead(payload, out var dropsonde);
        Count(1, fault == ConversionFault.None ? message.Length : 0);
        if (fault != ConversionFault.None)
        {
            Interlocked.Increment(ref counters.Invalid);
            Interlocked.Increment(ref counters.UnreadableV1[(int)fault]);
            return;
        }

        using var both = MessageBuffer.Rent((2 * payload.Length) + UsualGrowth);
        V1ToV2.Write(both, payload, dropsonde, DropsondeTagging.None);
        var length = both.Length;
        both.Write(payload);
        Read(both.Span, 0, length, batch, payload.Length);
        Append(both.Span, batch);
    }

    private void Count(int received, int bytes)
    {
        Interlocked.Add(ref counters.Received, received);
        Interlocked.Add(ref counters.ReceivedBytes, bytes);
        Interlocked.Increment(ref counters.Batches);
    }

    private void Read(ReadOnlySpan<byte> message, int offset, int length, IntakeBatch batch, int originalLength = 0)
    {
        var envelope = message.Slice(offset, length);
        if (!RawEnvelope.TryRead(envelope, out var header))
        {
            Interlocked.Increment(ref counters.Invalid);
        }
        else if (length > MaxEnvelopeBytes)
        {
            Interlocked.Increment(ref counters.TooLarge);
        }
        else if (PretendsToBeOurs(envelope, header))
        {
            Append(message, batch); // what came before it goes before it
            byte[] renamed = [.. Rename(envelope), .. message.Slice(offset + length, originalLength)];
            length = renamed.Length - originalLength;
            RawEnvelope.TryRead(renamed.AsSpan(0, length), out header);
            batch.AddEnvelope(renamed, 0, length, header, originalLength);
            Append(renamed, batch);
        }
        else
        {
            batch.AddEnvelope(message, offset, length, header, originalLength);
        }
    }

    private void Append(ReadOnlySpan<byte> message, IntakeBatch batch) => Interlocked.Add(ref counters.Stamped, batch.Append(message));

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
