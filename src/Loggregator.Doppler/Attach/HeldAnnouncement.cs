using Google.Protobuf;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Attach;

/// <summary>Announces the filter of held sources to one client: at first, and when it has changed, at most every five seconds.</summary>
internal sealed class HeldAnnouncement(LogSources sources, TimeProvider time)
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(5);
    private byte[]? _announced;
    private long _at;

    /// <summary>The announcement, if one is due.</summary>
    public HeldSources? Next()
    {
        if (_announced is not null && time.GetElapsedTime(_at) < LeastInterval)
        {
            return null;
        }

        _at = time.GetTimestamp();
        var (filter, all, position) = sources.Filter();
        if (ReferenceEquals(filter, _announced))
        {
            return null;
        }

        _announced = filter;
        return new HeldSources
        {
            Filter = UnsafeByteOperations.UnsafeWrap(filter),
            Hashes = HeldFilter.Hashes,
            All = all,
            Position = (ulong)position,
        };
    }
}
