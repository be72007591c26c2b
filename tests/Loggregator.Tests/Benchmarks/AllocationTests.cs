using Loggregator.Benchmarks;
using Xunit;

namespace Loggregator.Tests.Benchmarks;

/// <summary>
/// The allocation baselines: bytes of one envelope's way through each benchmark. They may shrink, and then the baseline does too; they never grow.
/// </summary>
[Collection(AllocationCollection.Name)]
public sealed class AllocationTests
{
    private const int Warmup = 200, Operations = 2_000, Rounds = 5;
    private const int FirstLosses = 10_000; // until each source has lost something, and with it has its place in the table of losses

    [Fact]
    public void HeaderPass_Allocates_Nothing()
    {
        var benchmarks = new HeaderBenchmarks();
        AssertNothing(() => benchmarks.Validate());
        AssertNothing(() => benchmarks.ReadHeader());
    }

    [Fact]
    public void FairRing_Allocates_Nothing()
    {
        using var benchmarks = new RingBenchmarks();
        AssertNothing(() => benchmarks.FairRing());
    }

    [Fact]
    public void FairRing_WhenFull_AllocatesNothing()
    {
        using var benchmarks = new RingBenchmarks();
        for (var i = 0; i < FirstLosses; i++)
        {
            benchmarks.FairRingFull();
        }

        AssertNothing(() => benchmarks.FairRingFull());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Log_AppendAndRead_AllocatesNothing(int subscribers)
    {
        var benchmarks = new LogBenchmarks { Subscribers = subscribers };
        benchmarks.Setup();
        AssertNothing(() => benchmarks.Log());
    }

    [Fact]
    public void Selectors_Allocate_Nothing()
    {
        var benchmarks = new SelectorBenchmarks();
        AssertNothing(() => benchmarks.AnyLog());
        AssertNothing(() => benchmarks.LogsOfOneSource());
    }

    [Fact]
    public void Json_Allocates_Nothing()
    {
        var benchmarks = new JsonBenchmarks();
        AssertNothing(() => benchmarks.FromBytes());
    }

    [Fact]
    public void Dropsonde_Allocates_Nothing()
    {
        var benchmarks = new DropsondeBenchmarks();
        AssertNothing(() => benchmarks.LogsToV1());
        AssertNothing(() => benchmarks.CountersToV1());
        AssertNothing(() => benchmarks.GaugesToV1());
        AssertNothing(() => benchmarks.TimersToV1());
        AssertNothing(() => benchmarks.LogsToV2());
    }

    [Fact]
    public void Series_UntilWindowsAreFull_AllocateNothing_AndThenWhatIsPacked()
    {
        const int Window = 120; // samples
        var benchmarks = new SeriesBenchmarks { Sources = Workload.BatchSize }; // so that an operation is a sample of each series
        benchmarks.Setup();
        Repeat(20 * Window); // windows have their full size, and were just packed
        var (alone, all) = (long.MaxValue, long.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(Window - 1);
            alone = Math.Min(alone, GC.GetAllocatedBytesForCurrentThread() - before);
            Repeat(Window + 1);
            all = Math.Min(all, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, alone);
        Assert.InRange(all / (2.0 * Window * Workload.BatchSize * SeriesBenchmarks.Metrics), 1, 4); // bytes a sample: the first half of a chunk, and the whole

        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
            {
                benchmarks.Append();
            }
        }
    }

    // Each operation handles a batch of 100 envelopes, so that even one object in a thousand envelopes would show.
    private static void AssertNothing(Action operation)
    {
        for (var i = 0; i < Warmup; i++)
        {
            operation();
        }

        // What the runtime itself allocates once, when a method is compiled anew in the middle of it, is in one round and not in the next.
        Assert.Contains(0, Enumerable.Range(0, Rounds).Select(_ => Allocated(operation)));
    }

    private static long Allocated(Action operation)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Operations; i++)
        {
            operation();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
