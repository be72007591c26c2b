using Loggregator.Client;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Faults;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

/// <summary>An emitter and an agent that is away, comes back, or does not answer.</summary>
public sealed class EmitterFaultTests : ClusterTest
{
    private const int Lines = 500;

    [Fact(Timeout = 120_000)]
    public async Task AgentAway_AndBack_NothingIsLostAndOrderHolds()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (cluster, reader) = await StartAsync();
        await using var proxy = new FaultProxy(cluster.Agents[0].GrpcPort, seed: 1);
        await using var emitter = new Emitter(new EmitterOptions { Agent = proxy.Address, SourceId = "app-0", InstanceId = "0" });
        Emit(emitter, 0, Lines);
        await emitter.FlushAsync(cancel);

        proxy.Cut(refuse: true);
        Emit(emitter, Lines, Lines);
        var refused = proxy.Accepted;
        await Deadline.UntilAsync(() => proxy.Accepted > refused + 1 && emitter.LastFailure.Length > 0, () => "it has tried and failed", cancel);
        Assert.Equal(Lines, emitter.Counts.Held);
        proxy.Restore();

        var counts = await emitter.FlushAsync(cancel);
        Assert.Equal((2L * Lines, 2L * Lines, 0L, 0L), (counts.Offered, counts.Sent, counts.Lost, counts.Held));
        await reader.LinesAsync(2 * Lines, cancel);
        Assert.Null(reader.NotInOrder("app-0", 2 * Lines));
    }

    [Theory(Timeout = 120_000)]
    [InlineData(WhenFull.DropOldest)]
    [InlineData(WhenFull.DropNewest)]
    [InlineData(WhenFull.Wait)]
    public async Task AgentStalls_EachPolicyKeepsItsPromise_AndTheReaderLearnsWhatIsMissing(WhenFull policy)
    {
        const int Capacity = 100;
        var cancel = TestContext.Current.CancellationToken;
        var (cluster, reader) = await StartAsync();
        await using var proxy = new FaultProxy(cluster.Agents[0].GrpcPort, seed: 1);
        await using var emitter = new Emitter(
            new EmitterOptions { Agent = proxy.Address, SourceId = "app-0", InstanceId = "7", WhenFull = policy, CapacityEnvelopes = Capacity });
        Emit(emitter, 0, 1);
        await emitter.FlushAsync(cancel);

        using var told = new Consumer(new ConsumerOptions { Url = new Uri($"http://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}") });
        proxy.Stall();
        var emitting = Task.Factory.StartNew(() => Emit(emitter, 1, Lines), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Deadline.UntilAsync(() => policy == WhenFull.Wait ? emitter.Counts.Held == Capacity : emitting.IsCompleted, () => $"the queue is full: {emitter.Counts}", cancel);
        Assert.InRange(emitter.Counts.Held, 1, Capacity);
        proxy.Resume();
        await emitting;
        var counts = await emitter.CompleteAsync(cancel);

        Assert.Equal(Lines + 1, counts.Offered);
        Assert.Equal(Lines + 1, counts.Sent + counts.Lost);
        await reader.LinesAsync(counts.Sent, cancel);
        var numbers = reader.Numbers("app-0", "7").ToList();
        Assert.Equal(numbers.Order(), numbers);
        if (policy == WhenFull.Wait)
        {
            Assert.Equal(0, counts.Lost);
            return;
        }

        Assert.Equal(policy == WhenFull.DropOldest, numbers.Contains(Lines));
        Assert.Equal(counts.Lost, counts.LostByReason[EmitLossReason.QueueFull]);
        var missing = 0L;
        await foreach (var counter in told.StreamAsync(new StreamQuery { SourceIds = ["app-0"], CounterNames = ["dropped"], Lines = 100 }, cancel).OfType<CounterEnvelope>())
        {
            Assert.Equal(("7", "client", "ring_full"), (counter.InstanceId, counter.Tags["producer_hop"], counter.Tags["producer_reason"]));
            missing += (long)counter.Delta;
            if (missing == counts.Lost)
            {
                break;
            }
        }
    }

    private static void Emit(Emitter emitter, int from, int count)
    {
        for (var number = from; number < from + count; number++)
        {
            emitter.Log($"{number}");
        }
    }

    private async Task<(InProcessCluster Cluster, Tally Reader)> StartAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        var reader = cluster.Read(cluster.TrafficControllers[0], "/v2/stream?type=log").Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        return (cluster, reader);
    }
}
