using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class InternalCodecTests
{
    [Fact]
    public void IngestBatch_WrittenByHand_IsWhatTheGeneratedParserReads()
    {
        var writer = new ArrayBufferWriter<byte>();
        IngestBatchCodec.WriteHeader(writer, 300, resent: false);
        Records.Append(writer, new Envelope { SourceId = "a" }.ToByteArray());
        Records.Append(writer, new Envelope { SourceId = "b" }.ToByteArray());
        var batch = IngestBatch.Parser.ParseFrom(writer.WrittenSpan);
        Assert.Equal(300UL, batch.N);
        Assert.False(batch.Resent);
        Assert.Equal(["a", "b"], batch.Batch.Select(envelope => envelope.SourceId));

        IngestBatchCodec.WriteHeader(writer, 7, resent: true); // to another Doppler
        batch = IngestBatch.Parser.ParseFrom(writer.WrittenSpan);
        Assert.Equal((7UL, true, 2), (batch.N, batch.Resent, batch.Batch.Count));
        Assert.True(IngestBatchCodec.TryReadHeader(writer.WrittenSpan, out var header));
        Assert.Equal((7UL, true, 2, false), (header.N, header.Resent, header.Records, header.HasHello));
    }

    [Fact]
    public void IngestBatch_FromTheGeneratedWriter_IsReadByHand()
    {
        var hello = new IngestHello { AgentId = "x", Epoch = 5, Lane = 1, Protocol = 1 };
        var bytes = new IngestBatch { N = 9, Hello = hello, Batch = { new Envelope { SourceId = "a" } } }.ToByteArray();
        Assert.True(IngestBatchCodec.TryReadHeader(bytes, out var header));
        Assert.Equal((9UL, false, 1, true), (header.N, header.Resent, header.Records, header.HasHello));
        Assert.Equal(hello, IngestHello.Parser.ParseFrom(header.Hello.Of(bytes)));
    }

    [Fact]
    public void IngestBatch_Cut_IsRefused()
    {
        var bytes = new IngestBatch { N = 9, Batch = { new Envelope { SourceId = "abc" } } }.ToByteArray();
        Assert.False(IngestBatchCodec.TryReadHeader(bytes.AsSpan(0, 4), out _));
    }

    [Fact]
    public void AttachFrame_WrittenPieceByPiece_IsWhatTheGeneratedParserReads() =>
        Frames.Sample(
            frame =>
            {
                var bytes = Write(frame);
                Assert.Equal(frame, AttachFrame.Parser.ParseFrom(bytes));
                AssertWalk(frame, bytes);
            },
            seed: "0000Kz1Bd8QA",
            iter: 400);

    [Fact]
    public void AttachFrame_FromTheGeneratedWriter_IsWalked() =>
        Frames.Sample(frame => AssertWalk(frame, frame.ToByteArray()), seed: "0000Kz1Bd8QB", iter: 400);

    [Fact]
    public void AttachFrame_Cut_NeverThrowsAndSaysMalformedOrEnds() =>
        Frames.Sample(
            frame =>
            {
                var bytes = Write(frame);
                for (var length = 0; length < bytes.Length; length++)
                {
                    var reader = new AttachFrameReader(bytes.AsSpan(0, length));
                    while (reader.MoveNextRun())
                    {
                        foreach (var _ in reader.Subscriptions)
                        {
                        }
                    }

                    _ = reader.ReadRest();
                }
            },
            seed: "0000Kz1Bd8QC",
            iter: 100);

    [Fact]
    public void AttachFrame_WhoseRunsNameMoreThanItHolds_IsMalformed()
    {
        var writer = new ArrayBufferWriter<byte>();
        Records.Append(writer, default);
        AttachFrameCodec.WriteRun(writer, 2, [1], 5);
        var reader = new AttachFrameReader(writer.WrittenSpan);
        Assert.True(reader.MoveNextRun());
        Assert.True(reader.MoveNextRecord());
        Assert.False(reader.MoveNextRecord());
        Assert.False(reader.MoveNextRun());
        Assert.True(reader.Malformed);
    }

    [Fact]
    public void AttachFrame_WhoseRunsNameFewerThanItHolds_IsMalformed()
    {
        var writer = new ArrayBufferWriter<byte>();
        Records.Append(writer, default);
        Records.Append(writer, default);
        AttachFrameCodec.WriteRun(writer, 1, [1], 5);
        var reader = new AttachFrameReader(writer.WrittenSpan);
        Assert.True(reader.MoveNextRun());
        Assert.False(reader.MoveNextRun());
        Assert.True(reader.Malformed);
    }

    [Fact]
    public void AttachFrame_WithUnpackedSubscriptions_IsWalked()
    {
        byte[] bytes = [0x0A, 0x00, 0x12, 0x06, 0x08, 0x01, 0x10, 0x07, 0x10, 0x08];
        var reader = new AttachFrameReader(bytes);
        Assert.True(reader.MoveNextRun());
        Assert.Equal([7u, 8u], Subscriptions(reader.Subscriptions));
    }

    [Fact]
    public void AttachFrame_WithoutRarePieces_HasNoRest()
    {
        var writer = new ArrayBufferWriter<byte>();
        Records.Append(writer, default);
        AttachFrameCodec.WriteRun(writer, 1, [1], 5);
        Assert.Null(new AttachFrameReader(writer.WrittenSpan).ReadRest());
    }

    private static readonly Gen<Gap> Gaps =
        from subscription in Gen.UInt
        from count in Gen.ULong
        from position in Gen.ULong
        from time in Gen.Long
        from upper in Gen.Bool
        select new Gap
        {
            Subscription = subscription,
            SourceId = $"s{count % 7}",
            InstanceId = count % 2 == 0 ? "" : "1",
            Count = count,
            Hop = "doppler",
            Reason = "evicted",
            FirstPosition = position,
            LastPosition = position + 1,
            FirstTimestamp = time,
            LastTimestamp = time / 2,
            UpperBound = upper,
        };

    private static readonly Gen<(Envelope[] Batch, Run Run)> Runs =
        from batch in EnvelopeGen.Merged.Select(bytes => Envelope.Parser.ParseFrom(bytes)).Array[0, 4] // -0.0 is no more: it is not written
        from subscriptions in Gen.UInt.Array[0, 4]
        from next in Gen.ULong
        select (batch, new Run { Count = (uint)batch.Length, Subscriptions = { subscriptions }, NextPosition = next });

    private static readonly Gen<AttachFrame> Frames =
        from runs in Runs.Array[0, 4]
        from gaps in Gaps.Array[0, 2]
        from leaving in Gen.Bool
        from closed in Gen.UInt.Array[0, 2]
        select new AttachFrame
        {
            Batch = { runs.SelectMany(run => run.Batch) },
            Runs = { runs.Select(run => run.Run) },
            Gaps = { gaps },
            Leaving = leaving,
            Closed = { closed },
        };

    private static byte[] Write(AttachFrame frame)
    {
        var writer = new ArrayBufferWriter<byte>();
        var rest = new AttachFrame { Leaving = frame.Leaving, Closed = { frame.Closed } };
        AttachFrameCodec.WriteRest(writer, rest);
        foreach (var gap in frame.Gaps)
        {
            AttachFrameCodec.WriteGap(
                writer,
                new GapNotice
                {
                    Subscription = gap.Subscription,
                    SourceId = ByteString.CopyFromUtf8(gap.SourceId).Span,
                    InstanceId = ByteString.CopyFromUtf8(gap.InstanceId).Span,
                    Count = gap.Count,
                    Hop = "doppler"u8,
                    Reason = "evicted"u8,
                    FirstPosition = gap.FirstPosition,
                    LastPosition = gap.LastPosition,
                    FirstTimestamp = gap.FirstTimestamp,
                    LastTimestamp = gap.LastTimestamp,
                    UpperBound = gap.UpperBound,
                });
        }

        var next = 0;
        foreach (var run in frame.Runs)
        {
            for (var i = 0; i < run.Count; i++)
            {
                Records.Append(writer, frame.Batch[next++].ToByteArray());
            }

            AttachFrameCodec.WriteRun(writer, (int)run.Count, [.. run.Subscriptions], run.NextPosition);
        }

        return writer.WrittenSpan.ToArray();
    }

    private static void AssertWalk(AttachFrame frame, byte[] bytes)
    {
        var reader = new AttachFrameReader(bytes);
        var next = 0;
        foreach (var run in frame.Runs)
        {
            Assert.True(reader.MoveNextRun());
            Assert.Equal((int)run.Count, reader.RunCount);
            Assert.Equal(run.NextPosition, reader.NextPosition);
            Assert.Equal(run.Subscriptions, Subscriptions(reader.Subscriptions));
            for (var i = 0; i < run.Count; i++)
            {
                Assert.True(reader.MoveNextRecord());
                Assert.Equal(frame.Batch[next++], Envelope.Parser.ParseFrom(reader.Current));
            }

            Assert.False(reader.MoveNextRecord());
        }

        Assert.False(reader.MoveNextRun());
        Assert.False(reader.Malformed);
        var rest = frame.Clone();
        rest.Batch.Clear();
        rest.Runs.Clear();
        Assert.Equal(rest, reader.ReadRest() ?? new AttachFrame());
    }

    private static List<uint> Subscriptions(SubscriptionReader subscriptions)
    {
        var list = new List<uint>();
        foreach (var subscription in subscriptions)
        {
            list.Add(subscription);
        }

        return list;
    }
}
