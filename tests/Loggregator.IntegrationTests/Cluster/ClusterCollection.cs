using Xunit;

namespace Loggregator.IntegrationTests.Cluster;

/// <summary>Tests that start clusters run one after another: each uses the whole machine, and their deadlines are to hold on two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ClusterCollection
{
    public const string Name = "cluster";
}
