namespace Loggregator.Protocol.Envelopes;

/// <summary>What a <see cref="StampTable"/> knows a stream (source id, instance id, type) by: seeded hashes.</summary>
public readonly record struct StreamKey(ulong Source, ulong InstanceAndType);
