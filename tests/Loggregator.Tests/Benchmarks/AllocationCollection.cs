using Xunit;

namespace Loggregator.Tests.Benchmarks;

/// <summary>
/// Tests that count the bytes of their own thread run while no other does: pools are the process's, so what another test takes from them is made
/// anew here.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AllocationCollection
{
    public const string Name = "allocation";
}
