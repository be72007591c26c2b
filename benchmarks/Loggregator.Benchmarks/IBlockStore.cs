namespace Loggregator.Benchmarks;

/// <summary>What the stores that are compared have in common: blocks in, durable, blocks out.</summary>
internal interface IBlockStore : IAsyncDisposable
{
    /// <summary>Ends when the block is durable.</summary>
    Task AppendAsync(SpoolBlock block);

    /// <summary>Reads everything back from the start, envelope by envelope.</summary>
    Task<long> ReadBackAsync();
}
