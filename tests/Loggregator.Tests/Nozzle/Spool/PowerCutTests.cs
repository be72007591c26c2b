using Loggregator.Nozzle.Delivery;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>
/// The power goes at any operation on the disk, three times over, with syncs that fail and a disk that is full in between: what was acknowledged is
/// delivered, nothing is invented, the order holds.
/// </summary>
public sealed class PowerCutTests
{
    private const int Runs = 1000, Lives = 3, Steps = 40;

    [Fact]
    public async Task AThousandPowerCuts_LoseNothingAcknowledged() =>
        await Parallel.ForAsync(0, Runs, TestContext.Current.CancellationToken, async (seed, _) =>
        {
            try
            {
                await new Run(new Random(seed)).GoAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        });

    private sealed class Run(Random random)
    {
        private readonly HashSet<int> _acknowledged = [];
        private readonly HashSet<int> _delivered = [];
        private readonly BufferOrder _order = random.Next(2) == 0 ? BufferOrder.Fifo : BufferOrder.LiveFirst;
        private readonly BufferFull _whenFull = random.Next(3) == 0 ? BufferFull.DropOldest : BufferFull.Stop;
        private readonly long _maxBytes = random.Next(2) == 0 ? 200_000 : 1_000_000;
        private long _told;
        private int _sent;

        public async Task GoAsync()
        {
            var disk = new PowerCutFiles();
            for (var life = 0; life < Lives; life++)
            {
                disk.CutAt = disk.Operations + random.Next(4, 120);
                await LiveAsync(disk);
                disk = disk.AfterPowerCut(random);
            }

            await using var last = new SpoolFixture(disk, _maxBytes, _whenFull);
            Take(last.Drain());
            if (_whenFull == BufferFull.Stop)
            {
                Assert.Empty(_acknowledged.Except(_delivered));
            }

            Assert.InRange(_acknowledged.Except(_delivered).Count(), 0, _told);
            last.CheckBooks();
        }

        private async Task LiveAsync(PowerCutFiles disk)
        {
            SpoolFixture fixture;
            try
            {
                fixture = new SpoolFixture(disk, _maxBytes, _whenFull, order: _order, batchBytes: random.Next(1, 30_000));
            }
            catch (IOException)
            {
                return; // no power already
            }

            await using (fixture)
            {
                for (var step = 0; step < Steps && !disk.IsCut; step++)
                {
                    await StepAsync(disk, fixture);
                }

                disk.CutAt = disk.Operations; // at the latest now
            }
        }

        private async Task StepAsync(PowerCutFiles disk, SpoolFixture fixture)
        {
            switch (random.Next(20))
            {
                case < 6 when fixture.Reader.TryRead() is { } batch:
                    Take(SpoolFixture.Read(batch));
                    if (random.Next(4) > 0)
                    {
                        batch.Complete();
                    }

                    batch.Dispose();
                    break;
                case 6 when random.Next(3) == 0:
                    disk.FailingSyncs = random.Next(1, 3);
                    break;
                case 7 when random.Next(3) == 0:
                    disk.Capacity = random.Next(100_000, 500_000);
                    break;
                default:
                    await AppendAsync(disk, fixture);
                    break;
            }
        }

        private async Task AppendAsync(PowerCutFiles disk, SpoolFixture fixture)
        {
            var appends = new List<(Task Durable, int From, int Count)>();
            for (var entries = random.Next(1, 4); entries > 0; entries--)
            {
                var count = random.Next(1, 10);
                appends.Add((fixture.AppendAsync(_sent, count, random.Next(3000)), _sent, count));
                _sent += count;
            }

            var all = Task.WhenAll(appends.Select(append => append.Durable));
            while (!all.IsCompleted && !disk.IsCut)
            {
                disk.Capacity = fixture.Spool.Trouble is null ? disk.Capacity : long.MaxValue; // somebody has made room
                if (fixture.Spool.Trouble is not null)
                {
                    Take(fixture.Drain());
                }

                await Task.WhenAny(all, Task.Delay(1, TestContext.Current.CancellationToken));
            }

            foreach (var (_, from, count) in appends.Where(append => append.Durable.IsCompletedSuccessfully))
            {
                _acknowledged.UnionWith(Enumerable.Range(from, count));
            }
        }

        private void Take(List<Received> read)
        {
            foreach (var record in read)
            {
                Assert.True(record.IsGap ? record.UpperBound || _whenFull == BufferFull.DropOldest : record.Number < _sent, $"{record} was never sent");
                _told += record.Lost;
                if (!record.IsGap)
                {
                    _delivered.Add(record.Number);
                }
            }

            var numbers = read.Where(record => !record.IsGap).Select(record => record.Number).ToList();
            Assert.Equal(_order == BufferOrder.Fifo ? numbers.Order() : numbers, numbers);
        }
    }
}
