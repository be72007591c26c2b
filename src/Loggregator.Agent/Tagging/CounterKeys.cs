using System.IO.Hashing;
using System.Runtime.InteropServices;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Agent.Tagging;

/// <summary>Makes <see cref="CounterKey"/>s. Not thread safe: it keeps its room between calls.</summary>
internal sealed class CounterKeys
{
    private const int UsualTags = 1024;
    private Dictionary<ulong, ulong> _tags = [];

    /// <summary>The key of a counter whose tags are those of all three parts, where a later one wins.</summary>
    public CounterKey Make(
        long seed,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> source,
        ReadOnlySpan<byte> instance,
        ReadOnlySpan<byte> prefix,
        ReadOnlySpan<byte> body,
        ReadOnlySpan<byte> suffix)
    {
        Read(prefix, seed);
        Read(body, seed);
        Read(suffix, seed);
        var tags = 0UL;
        foreach (var (key, value) in _tags)
        {
            // A sum does not depend on the order; hashing the pair keeps keys and values together.
            Span<ulong> pair = [key, value];
            tags += XxHash3.HashToUInt64(MemoryMarshal.AsBytes(pair), seed);
        }

        if (_tags.Count > UsualTags)
        {
            _tags = []; // or clearing it would cost its size from now on
        }

        _tags.Clear();
        return new CounterKey(XxHash3.HashToUInt64(instance, (long)XxHash3.HashToUInt64(source, (long)XxHash3.HashToUInt64(name, seed))), tags);
    }

    private void Read(ReadOnlySpan<byte> part, long seed)
    {
        var tags = new TagReader(part);
        while (tags.MoveNext())
        {
            _tags[XxHash3.HashToUInt64(tags.Key, seed)] = XxHash3.HashToUInt64(tags.Value, seed);
        }
    }
}
