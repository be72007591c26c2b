using Loggregator.Protocol.Internal;

namespace Loggregator.Client.Consume;

/// <summary>Where a subscription starts to read; immutable.</summary>
internal sealed class StreamStart
{
    /// <summary>What comes from now on.</summary>
    public static readonly StreamStart Now = new();

    private readonly uint _last;
    private readonly long? _since;
    private readonly StreamCursor? _cursor;

    private StreamStart(uint last = 0, long? since = null, StreamCursor? cursor = null)
    {
        _last = last;
        _since = since;
        _cursor = cursor;
    }

    /// <summary>Whether something older than the moment of opening is asked for.</summary>
    public bool WantsHistory => _last > 0 || _since is not null || _cursor is not null;

    /// <summary>Of <see cref="Last"/>: how many; else 0.</summary>
    public uint Count => _last;

    /// <summary>The last <paramref name="count"/> matching envelopes of each Doppler, then what comes.</summary>
    public static StreamStart Last(uint count) => count == 0 ? Now : new StreamStart(last: count);

    /// <summary>What has a timestamp at or after this (UNIX nanoseconds), then what comes.</summary>
    public static StreamStart Since(long timestamp) => new(since: timestamp);

    /// <summary>What the cursor's reader has not seen, then what comes.</summary>
    public static StreamStart After(StreamCursor cursor) => new(cursor: cursor);

    /// <summary>Where the same stream starts at a Doppler that appears when it is open already: with what came since.</summary>
    /// <param name="openedAt">When the stream was opened, UNIX nanoseconds.</param>
    public StreamStart ForLateDoppler(long openedAt) => _cursor is null ? Since(openedAt) : this;

    /// <summary>Of <see cref="After"/>: where the reader stood; else null.</summary>
    internal StreamCursor? Cursor => _cursor;

    /// <summary>What to ask of one Doppler.</summary>
    /// <param name="doppler">Who it is.</param>
    /// <param name="openedAt">When the stream was opened, UNIX nanoseconds, if this Doppler was not attached then; it may hold what came since.</param>
    internal Start? At(DopplerIdentity doppler, long? openedAt)
    {
        if (_cursor is not null)
        {
            return _cursor.TryFind(doppler.Id, out var mark)
                ? new Start { After = mark.Next, Incarnation = mark.Incarnation }
                : new Start { Since = _cursor.MintedAt };
        }

        if (_since is { } since)
        {
            return new Start { Since = since };
        }

        if (_last > 0)
        {
            return new Start { Last = _last };
        }

        return openedAt is { } at ? new Start { Since = at } : null;
    }
}
