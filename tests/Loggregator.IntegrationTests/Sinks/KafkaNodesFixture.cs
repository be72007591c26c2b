using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>Three real nodes for a class of tests.</summary>
public sealed class KafkaNodesFixture : IAsyncLifetime
{
    private KafkaNodes? _nodes;

    public KafkaNodes Nodes => _nodes!;

    public async ValueTask InitializeAsync() => _nodes = await KafkaNodes.StartAsync(3, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _nodes?.Dispose();
        return ValueTask.CompletedTask;
    }
}
