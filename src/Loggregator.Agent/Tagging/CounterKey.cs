namespace Loggregator.Agent.Tagging;

/// <summary>What one running total belongs to, as seeded hashes: chance collisions are out of reach, made ones need the seed.</summary>
/// <param name="NameAndSource">Counter name and source id. The instance id is not part of it, as in the original.</param>
/// <param name="Tags">All tags, whatever their order.</param>
internal readonly record struct CounterKey(ulong NameAndSource, ulong Tags);
