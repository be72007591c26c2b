using System.Buffers;
using System.Text.Json;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Json;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.FuzzTests.Protocol;

public sealed class EnvelopeFuzzTests
{
    private const int MaxLength = 16 * 1024;

    [Fact]
    public void TryRead_OfThreeMillionMutations_NeverThrowsNorReadsPastTheEnd()
    {
        using var guarded = new GuardedBytes(MaxLength);
        var mutator = new Mutator(Corpus.Envelopes(), seed: 1, MaxLength);
        var accepted = 0;
        for (var i = 0; i < 3_000_000; i++)
        {
            var bytes = guarded.Place(mutator.Next());
            var valid = RawEnvelope.TryRead(bytes, out var header);
            var readable = RawEnvelope.TryReadHeader(bytes, out var again);
            if (valid)
            {
                accepted++;
                Assert.True(readable);
                Assert.Equal(header, again);
            }
        }

        Assert.InRange(accepted, 300_000, 2_700_000); // else the mutations are too mild or too wild to test anything
    }

    [Fact]
    public void TryRead_OfMutations_AcceptsNothingThatGoogleProtobufRefuses()
    {
        var mutator = new Mutator(Corpus.Envelopes(), seed: 2, MaxLength);
        for (var i = 0; i < 300_000; i++)
        {
            var bytes = mutator.Next();
            if (!RawEnvelope.TryRead(bytes, out var header))
            {
                continue;
            }

            var envelope = Envelope.Parser.ParseFrom(bytes);
            Assert.Equal(envelope.Timestamp, header.Timestamp);
            Assert.Equal(envelope.SourceId.Length == 0, header.SourceId.Length == 0);
            Assert.Equal(TypeOf(envelope), header.Type);
        }
    }

    [Fact]
    public void Everything_OfAcceptedMutations_StaysInsideAndWellFormed()
    {
        using var guarded = new GuardedBytes(MaxLength);
        var mutator = new Mutator(Corpus.Envelopes(), seed: 3, MaxLength);
        var gauges = new EnvelopeSelector(new Selector { Gauge = new GaugeSelector { Names = { "cpu", "ü" } } });
        var output = new ArrayBufferWriter<byte>(1 << 20);
        for (var i = 0; i < 200_000; i++)
        {
            var bytes = guarded.Place(mutator.Next());
            if (!RawEnvelope.TryRead(bytes, out var header))
            {
                continue;
            }

            output.ResetWrittenCount();
            EnvelopeJson.WriteEnvelope(output, bytes, header);
            var json = new Utf8JsonReader(output.WrittenSpan);
            while (json.Read())
            {
            }

            foreach (var preferred in (ReadOnlySpan<bool>)[true, false])
            {
                output.ResetWrittenCount();
                TagConvergence.Write(output, bytes, preferred);
                Assert.True(RawEnvelope.TryRead(output.WrittenSpan, out _));
            }

            output.ResetWrittenCount();
            GapRecord.RenameProducerTags(output, bytes);
            Assert.True(RawEnvelope.TryRead(output.WrittenSpan, out var renamed));
            Assert.False(renamed.Flags.HasFlag(EnvelopeFlags.GapRecord));
            _ = gauges.Matches(header, bytes);
            _ = DeterministicHash.TryCompute(bytes, header, out _);
            _ = Stamp.TryRead(bytes, header, out _, out _);
        }
    }

    [Fact]
    public void Codecs_OfMutatedMessages_NeverThrowNorReadPastTheEnd()
    {
        using var guarded = new GuardedBytes(MaxLength);
        var mutator = new Mutator(Corpus.Frames(), seed: 4, MaxLength);
        for (var i = 0; i < 500_000; i++)
        {
            var bytes = guarded.Place(mutator.Next());
            _ = IngestBatchCodec.TryReadHeader(bytes, out _);
            var records = new RecordReader(bytes);
            while (records.MoveNext())
            {
                _ = RawEnvelope.TryReadHeader(records.Current, out _);
            }

            var frame = new AttachFrameReader(bytes);
            while (frame.MoveNextRun())
            {
                foreach (var _ in frame.Subscriptions)
                {
                }
            }

            _ = i % 10 == 0 ? frame.ReadRest() : null;
        }
    }

    private static EnvelopeType TypeOf(Envelope envelope) => envelope.MessageCase switch
    {
        Envelope.MessageOneofCase.Log => EnvelopeType.Log,
        Envelope.MessageOneofCase.Counter => EnvelopeType.Counter,
        Envelope.MessageOneofCase.Gauge => EnvelopeType.Gauge,
        Envelope.MessageOneofCase.Timer => EnvelopeType.Timer,
        Envelope.MessageOneofCase.Event => EnvelopeType.Event,
        _ => EnvelopeType.None,
    };
}
