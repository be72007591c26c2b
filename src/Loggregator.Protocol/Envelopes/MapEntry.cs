namespace Loggregator.Protocol.Envelopes;

/// <summary>One entry of a protobuf map, as ranges into the envelope; an absent key or value has an empty range.</summary>
/// <param name="Key">The key's text.</param>
/// <param name="Value">The value: a text, or the content of a message.</param>
/// <param name="Order">Place in wire order.</param>
internal readonly record struct MapEntry(ByteRange Key, ByteRange Value, int Order);
