using Loggregator.Client.Consume;
using Loggregator.Client.Emit;

namespace Loggregator.Client;

/// <summary>
/// What an acknowledged group reads. <see cref="EnvelopeQuery.ShardId"/> names the group and must be given; its members give the same one and ask for
/// the same envelopes.
/// </summary>
public sealed record NozzleQuery : EnvelopeQuery
{
    /// <summary>At Dopplers that do not know the group yet, begin with what is not older; null: with what comes from now on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// At Dopplers that do not know the group any more, go on behind the batch whose <see cref="NozzleBatch.Cursor"/> this is; <see cref="Since"/> is not
    /// looked at then. With it a Doppler that crashed while nobody was there is noticed, and told.
    /// </summary>
    public string Cursor { get; init; } = "";

    /// <summary>Where to start.</summary>
    /// <exception cref="ArgumentException">The query is of no use; the message names the property and the cure.</exception>
    internal StreamStart Start()
    {
        Check();
        if (ShardId.Length == 0)
        {
            throw new ArgumentException("NozzleQuery.ShardId is empty: give the group's name, for example siem.");
        }

        if (string.IsNullOrEmpty(Cursor))
        {
            return Since is { } since ? StreamStart.Since(Math.Max(0, EnvelopeAuthor.Nanoseconds(since))) : StreamStart.Now;
        }

        return StreamCursor.TryParse(Cursor, out var cursor)
            ? StreamStart.After(cursor!)
            : throw new ArgumentException("NozzleQuery.Cursor is no cursor: give the Cursor of a NozzleBatch, or nothing.");
    }
}
