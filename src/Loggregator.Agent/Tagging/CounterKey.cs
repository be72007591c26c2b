namespace Loggregator.Agent.Tagging;

/// <summary>What one running total belongs to, as seeded hashes: chance collisions are out of reach, made ones need the seed.</summary>
/// <param name="NameAndStream">
/// Counter name, source id and instance id. The original leaves the instance out, so that what one instance counts is in the totals of all, and no rate of an
/// instance can be had of them.
/// </param>
/// <param name="Tags">All tags, whatever their order.</param>
internal readonly record struct CounterKey(ulong NameAndStream, ulong Tags);
