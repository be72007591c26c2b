using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>Envelopes as WebSocket messages of version 1, made once for all clients of a page. One owner.</summary>
internal sealed class V1Frames : IDisposable
{
    private readonly MessageBuffer _frames;

    private V1Frames(int capacity) => _frames = MessageBuffer.Rent(capacity);

    /// <summary>The frames.</summary>
    public ReadOnlySpan<byte> Bytes => _frames.Span;

    /// <summary>Messages in them.</summary>
    public int Messages { get; private set; }

    /// <summary>Envelopes that have become messages, as often as they are delivered; the others are not what was asked for, or cannot be told in version 1.</summary>
    public int Envelopes { get; private set; }

    /// <summary>Losses that are told in lines made here.</summary>
    public long Told { get; private set; }

    /// <summary>Frames of records that are of version 1 already.</summary>
    public static V1Frames OfV1(ReadOnlySpan<byte> records, int count)
    {
        var frames = new V1Frames(records.Length + (count * 4));
        frames.Add(records);
        frames.Envelopes = count;
        return frames;
    }

    /// <summary>Frames of records of version 2, each that passes the filter.</summary>
    public static V1Frames OfV2(ReadOnlySpan<byte> records, int copies, DropsondeFilter filter)
    {
        var frames = new V1Frames(records.Length * 2);
        using var converted = MessageBuffer.Rent(1024);
        var reader = new RecordReader(records);
        while (reader.MoveNext())
        {
            converted.Clear();
            if (frames.TryConvert(converted, reader.Current, filter))
            {
                frames.Envelopes += copies;
                for (var copy = 0; copy < copies; copy++)
                {
                    frames.Add(converted.Span);
                }
            }
        }

        return frames;
    }

    /// <summary>Writes one envelope of version 2, made here, as a frame.</summary>
    public static void Write(MessageBuffer output, ReadOnlySpan<byte> envelope)
    {
        using var converted = MessageBuffer.Rent(1024);
        if (RawEnvelope.TryReadHeader(envelope, out var header) && V2ToV1.Write(converted, envelope, header, RawMethods.MaxMessageBytes, out _) > 0)
        {
            var records = new RecordReader(converted.Span);
            while (records.MoveNext())
            {
                ServerFrames.Write(output, Opcode.Binary, records.Current);
            }
        }
    }

    public void Dispose() => _frames.Dispose();

    private bool TryConvert(MessageBuffer converted, ReadOnlySpan<byte> envelope, DropsondeFilter filter)
    {
        if (!RawEnvelope.TryReadHeader(envelope, out var header))
        {
            return false;
        }

        if (filter.Concerns(header.Type, hasOriginal: false) && filter.MatchesContent(header, envelope, default))
        {
            return V2ToV1.Write(converted, envelope, header, RawMethods.MaxMessageBytes, out _) > 0;
        }

        // A gap record whose counter is not asked for is told as a log line, where logs are.
        if (!GapRecord.TryRead(envelope, header, out var gap) || filter.Kind == DropsondeKind.Metrics)
        {
            return false;
        }

        using var line = MessageBuffer.Rent(512);
        GapRecord.WriteLogLine(line, gap);
        Told += (long)gap.Count;
        return RawEnvelope.TryReadHeader(line.Span, out header) && V2ToV1.Write(converted, line.Span, header, RawMethods.MaxMessageBytes, out _) > 0;
    }

    private void Add(ReadOnlySpan<byte> records)
    {
        var reader = new RecordReader(records);
        while (reader.MoveNext())
        {
            ServerFrames.Write(_frames, Opcode.Binary, reader.Current);
            Messages++;
        }
    }
}
