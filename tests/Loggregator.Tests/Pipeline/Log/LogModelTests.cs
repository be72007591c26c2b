using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>Seeded operations on a small log against a list that forgets nothing: what a reader got and what it was told it lost is everything.</summary>
public sealed class LogModelTests
{
    private static readonly string[] Sources = ["a", "b", "c", "d", "loud"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9, true)]
    [InlineData(10, true)]
    [InlineData(11, true)]
    [InlineData(12, true)]
    public void Readers_OfAnySpeed_GetOrAreToldEverythingInOrderOnce(int seed, bool packing = false)
    {
        var random = new Random(seed);
        var log = new LogFixture(budget: 256 * 1024, maxSources: seed % 2 == 0 ? 3 : 100);
        var sent = new List<(string Source, int Number)>();
        var readers = new List<Reader>();
        for (var step = 0; step < 3000; step++)
        {
            switch (random.Next(20))
            {
                case 0 when readers.Count < 12:
                    readers.Add(new Reader(log, (uint)readers.Count + 1, random, sent.Count));
                    break;
                case 1 when readers.Count > 0:
                    readers[random.Next(readers.Count)].Grant(random.Next(1, 200_000));
                    break;
                case < 6 when readers.Count > 0:
                    readers[random.Next(readers.Count)].ReadSome(random.Next(1, 5));
                    break;
                case 6 or 7 when packing:
                    log.Pack(random.Next(1, 4));
                    break;
                default:
                    Append(log, sent, random);
                    break;
            }
        }

        Assert.True(log.Log.Evicted > 0, "the log never overflowed");
        Assert.Equal(packing, log.Codec.Packed > 0);
        Assert.Equal(packing, log.Codec.Unpacked > 0);
        Assert.True(log.Log.Used <= log.Log.Budget + (64 * 1024), $"{log.Log.Used} bytes are used");
        foreach (var reader in readers)
        {
            reader.CheckAll(sent);
        }
    }

    private static void Append(LogFixture log, List<(string Source, int Number)> sent, Random random)
    {
        for (var count = random.Next(1, 30); count > 0; count--)
        {
            var source = random.Next(4) == 0 ? Sources[random.Next(Sources.Length)] : "loud";
            var size = random.Next(50) == 0 ? random.Next(20_000) : random.Next(400);
            log.AddLog(source, sent.Count.ToString(CultureInfo.InvariantCulture), size: size, instance: (sent.Count % 3).ToString(CultureInfo.InvariantCulture));
            sent.Add((source, sent.Count));
        }

        log.Append();
    }

    private sealed class Reader
    {
        private readonly LogConsumer _consumer;
        private readonly RecordingFrame _frame = new(8 * 1024);
        private readonly string? _source;
        private readonly uint _id;
        private readonly int _from;

        public Reader(LogFixture log, uint id, Random random, int from)
        {
            _consumer = log.Consumer();
            (_id, _from) = (id, from);
            _source = random.Next(2) == 0 ? null : Sources[random.Next(Sources.Length)];
            _consumer.Open(Request(id, random.Next(2) == 0 ? long.MaxValue / 2 : 1000, _source is null ? AnyLog : LogsOf(_source)));
        }

        public void Grant(long bytes) => _consumer.Grant(_id, bytes);

        public void ReadSome(int frames)
        {
            while (frames-- > 0 && _frame.ReadOne(_consumer))
            {
            }
        }

        public void CheckAll(List<(string Source, int Number)> sent)
        {
            _consumer.Grant(_id, long.MaxValue / 2);
            _frame.ReadAll(_consumer);
            var got = _frame.Of(_id).Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(got.Order(), got);
            Assert.Equal(got.Length, got.Distinct().Count());
            foreach (var source in Sources.Where(source => _source is null || source == _source))
            {
                var expected = sent.Skip(_from).Count(row => row.Source == source);
                var read = got.Count(number => sent[number].Source == source);
                var lost = _frame.LostBy(_id, source);
                Assert.True(expected == read + lost, $"reader {_id} of {_source ?? "any"}: {source}: sent {expected}, got {read}, told {lost}");
            }

            foreach (var gap in _frame.Gaps.TryGetValue(_id, out var gaps) ? gaps : [])
            {
                Assert.InRange((long)gap.FirstPosition, _from + EnvelopeLog.FirstPosition, sent.Count);
                Assert.True(gap.FirstPosition <= gap.LastPosition);
                Assert.Equal(1, Encoding.UTF8.GetString(gap.InstanceId.Span).Length);
            }

            _consumer.Dispose();
        }
    }
}
