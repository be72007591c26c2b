using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Cluster;

/// <summary>
/// A test on a cluster. After each, whatever it did, conservation holds and no unexpected error is logged. When the test itself has failed,
/// the counters and warnings are printed instead.
/// </summary>
[Collection(ClusterCollection.Name)]
public abstract class ClusterTest : IAsyncDisposable
{
    private readonly List<SteadyLoad> _loads = [];
    private InProcessCluster? _cluster;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var load in _loads)
        {
            await load.DisposeAsync();
        }

        if (_cluster is null)
        {
            return;
        }

        await using (_cluster)
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(Conservation.Describe(_cluster));
                TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', _cluster.Errors.Errors.Concat(_cluster.Errors.Warnings).Take(30)));
            }
            else
            {
                await _cluster.AssertAsync();
            }
        }
    }

    /// <summary>Starts the test's cluster.</summary>
    protected async Task<InProcessCluster> StartAsync(ClusterOptions options) =>
        _cluster = await InProcessCluster.StartAsync(options, TestContext.Current.CancellationToken);

    /// <summary>Starts a load that ends with the test.</summary>
    protected SteadyLoad Load(Producer producer, IReadOnlyList<string> sources, int linesPerRound = 5, int bytes = 0)
    {
        var load = new SteadyLoad(producer, sources, linesPerRound, bytes);
        _loads.Add(load);
        return load;
    }
}
