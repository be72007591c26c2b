using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>Seeded operations on a small spool against a list: everything appended was delivered, or told as lost in the name of its source, and nothing else came out.</summary>
public sealed class SpoolModelTests
{
    private static readonly string[] Sources = ["a", "b", "c", "loud"];

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 30)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task AnyOperations_EverythingIsDeliveredOrTold(int seed)
    {
        var random = new Random(seed);
        var run = new Run(random, seed % 2 == 0 ? BufferOrder.LiveFirst : BufferOrder.Fifo, seed % 3 == 0 ? BufferFull.Stop : BufferFull.DropOldest);
        for (var step = 0; step < 600; step++)
        {
            await run.StepAsync();
        }

        await run.FinishAsync();
    }

    private sealed class Run(Random random, BufferOrder order, BufferFull whenFull)
    {
        private readonly PowerCutFiles _disk = new();
        private readonly List<string> _sent = [];
        private readonly List<Received> _delivered = [];
        private readonly List<SpoolBatch> _out = [];
        private readonly bool _slow = random.Next(2) == 0;
        private SpoolFixture? _fixture;
        private long _dropped;

        private SpoolFixture Fixture => _fixture ??= new SpoolFixture(_disk, whenFull: whenFull, order: order, batchBytes: random.Next(1, 40_000));

        public async Task StepAsync()
        {
            switch (random.Next(20))
            {
                case 0 when random.Next(4) == 0:
                    await CloseAsync();
                    break;
                case < (int)8 when _out.Count < 4 && Fixture.Reader.TryRead() is { } batch:
                    _out.Add(batch);
                    break;
                case < 12 when _out.Count > 0 && !(_slow && random.Next(4) != 0):
                    End(_out[random.Next(_out.Count)], complete: random.Next(5) != 0);
                    break;
                default:
                    await AppendAsync();
                    break;
            }
        }

        public async Task FinishAsync()
        {
            await CloseAsync();
            _delivered.AddRange(Fixture.Drain());
            Assert.Equal(0, Fixture.Counters.Held);
            await CloseAsync();
            var lines = _delivered.Where(r => !r.IsGap).ToList();
            Assert.Equal(lines.Count, lines.Select(r => r.Number).Distinct().Count());
            Assert.All(lines, r => Assert.Equal((_sent[r.Number], (ulong)r.Number), (r.Source, r.Position)));
            foreach (var source in Sources)
            {
                var told = _delivered.Where(r => r.IsGap && r.Source == source).Sum(r => r.Lost);
                Assert.Equal(_sent.Count(s => s == source), lines.Count(r => r.Source == source) + told);
            }

            Assert.Equal(_dropped, _sent.Count - lines.Count);
            Assert.All(_delivered.Where(r => r.IsGap), gap => Assert.Equal("nozzle/evicted", gap.Reason));
            Assert.DoesNotContain(_disk.List(), file => file.Name.EndsWith(".segment", StringComparison.Ordinal));
            if (order == BufferOrder.Fifo && whenFull == BufferFull.Stop)
            {
                Assert.Equal(_sent.Count, lines.Count);
            }
        }

        private async Task AppendAsync()
        {
            if (whenFull == BufferFull.Stop && Fixture.Counters.Bytes > 800_000)
            {
                return; // it would wait for the deliveries of this very thread
            }

            var (count, source) = (random.Next(1, 20), Sources[random.Next(Sources.Length)]);
            var bytes = random.Next(20) == 0 ? random.Next(10_000) : random.Next(2000);
            await Fixture.AppendAsync(_sent.Count, count, bytes, source);
            _sent.AddRange(Enumerable.Repeat(source, count));
        }

        private void End(SpoolBatch batch, bool complete)
        {
            _out.Remove(batch);
            if (complete)
            {
                _delivered.AddRange(SpoolFixture.Read(batch));
                batch.Complete();
            }

            batch.Dispose();
        }

        private async Task CloseAsync()
        {
            if (_fixture is null)
            {
                return;
            }

            while (_out.Count > 0)
            {
                End(_out[0], complete: random.Next(2) == 0);
            }

            _fixture.CheckBooks();
            _dropped += _fixture.Counters.Dropped;
            Assert.Equal(0, _fixture.Counters.Damaged);
            await _fixture.DisposeAsync();
            _fixture = null;
        }
    }
}
