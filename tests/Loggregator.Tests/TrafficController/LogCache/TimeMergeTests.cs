using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController.LogCache;
using Xunit;

namespace Loggregator.Tests.TrafficController.LogCache;

public sealed class TimeMergeTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    public void Answers_OfDopplersThatShareSome_AreWhatOneListWouldGive(int seed, bool descending)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var dopplers = random.Next(1, 5);
            var limit = random.Next(1, 30);
            List<Envelope>[] held = [.. Enumerable.Range(0, dopplers).Select(_ => new List<Envelope>())];
            List<Envelope> all = [];
            for (var i = 0; i < 60; i++)
            {
                var envelope = new Envelope
                {
                    SourceId = "a",
                    InstanceId = random.Next(3).ToString(System.Globalization.CultureInfo.InvariantCulture),
                    Timestamp = random.Next(25),
                    Log = new Loggregator.Protocol.V2.Log { Payload = ByteString.CopyFrom((byte)i) },
                };
                all.Add(envelope);
                var holder = random.Next(dopplers);
                held[holder].Add(envelope);
                if (random.Next(4) == 0 && dopplers > 1)
                {
                    held[(holder + 1) % dopplers].Add(envelope);
                }
            }

            var answers = held.Select(list => First(list, limit, descending).Select(Record).ToList()).ToList();
            var merged = TimeMerge.Merge(answers, limit, descending).Select(record => Envelope.Parser.ParseFrom(record.Envelope)).ToList();
            var expected = First(all, limit, descending);
            Assert.Equal(expected.Select(envelope => envelope.Timestamp), merged.Select(envelope => envelope.Timestamp));
            Assert.Equal(expected.ToHashSet(), merged.ToHashSet());
        }
    }

    [Fact]
    public void EqualEnvelopes_OfOneDoppler_AreBothKept()
    {
        var twice = Record(new Envelope { SourceId = "a", Timestamp = 1 });
        Assert.Equal(2, TimeMerge.Merge([[twice, twice], [twice]], 10, descending: false).Count);
        Assert.Equal(2, TimeMerge.Merge([[], [twice, twice]], 10, descending: false).Count);
    }

    [Fact]
    public void EqualTimestamps_OfSeveralDopplers_AreInTheOrderOfInstancesBothWays()
    {
        static TimedRecord Of(string instance) => Record(new Envelope { SourceId = "a", InstanceId = instance, Timestamp = 1 });
        static string[] Instances(IEnumerable<TimedRecord> records) => [.. records.Select(record => System.Text.Encoding.UTF8.GetString(record.InstanceId))];
        Assert.Equal(["0", "1", "2"], Instances(TimeMerge.Merge([[Of("2"), Of("0")], [Of("1")]], 1, descending: false)));
        Assert.Equal(["2", "1", "0"], Instances(TimeMerge.Merge([[Of("2"), Of("0")], [Of("1")]], 1, descending: true)));
    }

    private static List<Envelope> First(List<Envelope> envelopes, int limit, bool descending)
    {
        List<Envelope> ordered = [.. descending ? envelopes.OrderByDescending(e => e.Timestamp) : envelopes.OrderBy(e => e.Timestamp)];
        return [.. ordered.TakeWhile((envelope, i) => i < limit || envelope.Timestamp == ordered[limit - 1].Timestamp)];
    }

    private static TimedRecord Record(Envelope envelope)
    {
        var bytes = envelope.ToByteArray();
        Assert.True(RawEnvelope.TryReadHeader(bytes, out var header));
        return new TimedRecord(bytes, 0, bytes.Length, header);
    }
}
