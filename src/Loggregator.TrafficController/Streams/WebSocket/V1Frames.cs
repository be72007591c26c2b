using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>Envelopes of version 1 as WebSocket messages, made once for all clients of a page. One owner.</summary>
internal sealed class V1Frames : IDisposable
{
    private readonly MessageBuffer _frames;

    /// <summary>Frames these records.</summary>
    /// <param name="records">Envelopes of version 1.</param>
    /// <param name="count">How many.</param>
    /// <param name="copies">How often each is delivered.</param>
    /// <param name="lines">Whether counters, which can only be gap records, are told as log lines.</param>
    public V1Frames(ReadOnlySpan<byte> records, int count, int copies, bool lines)
    {
        _frames = MessageBuffer.Rent((records.Length + (count * 4)) * copies);
        var reader = new RecordReader(records);
        while (reader.MoveNext())
        {
            if (lines && DropsondeEnvelope.TryRead(reader.Current, out var header) == ConversionFault.None && header.Type == DropsondeType.CounterEvent)
            {
                AddLine(reader.Current, header, copies);
                continue;
            }

            for (var copy = 0; copy < copies; copy++)
            {
                ServerFrames.Write(_frames, Opcode.Binary, reader.Current);
                Messages++;
            }
        }
    }

    /// <summary>The frames.</summary>
    public ReadOnlySpan<byte> Bytes => _frames.Span;

    /// <summary>Messages in them.</summary>
    public int Messages { get; private set; }

    /// <summary>Losses that are told in lines made here.</summary>
    public long Told { get; private set; }

    /// <summary>Writes one envelope of version 2, made here, as a message of version 1.</summary>
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

    private void AddLine(ReadOnlySpan<byte> counter, in DropsondeHeader header, int copies)
    {
        using var envelope = MessageBuffer.Rent(512);
        V1ToV2.Write(envelope, counter, header, DropsondeTagging.None);
        if (!RawEnvelope.TryReadHeader(envelope.Span, out var read) || !GapRecord.TryRead(envelope.Span, read, out var gap))
        {
            return;
        }

        using var line = MessageBuffer.Rent(512);
        GapForms.WriteLine(line, StreamGap.Of(gap));
        for (var copy = 0; copy < copies; copy++)
        {
            Write(_frames, line.Span);
            Messages++;
        }

        Told += (long)gap.Count;
    }
}
