using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Groups;

namespace Loggregator.Pipeline.Log;

/// <summary>What one consumer wants of the log, and how much of it it can take now. Guarded by the consumer's gate.</summary>
internal sealed class Subscription
{
    private LossTable? _losses;

    public Subscription(SubscriptionRequest request)
    {
        Request = request;
        Credit = request.Credit;
        WasGranted = Credit > 0;
        Alone = [this];
    }

    public SubscriptionRequest Request { get; set; }

    public uint Id => Request.Id;

    public Target[] Targets { get; set; } = [];

    /// <summary>An array of this alone, the same at each use.</summary>
    public Subscription[] Alone { get; }

    /// <summary>Bytes that may be delivered; what was begun with the last of it is finished, so it may be below 0.</summary>
    public long Credit { get; set; }

    /// <summary>Credit was given to it, were it none.</summary>
    public bool WasGranted { get; set; }

    /// <summary>
    /// Bytes that it may still put into frames before it is another's turn. A frame that it filled may take it below 0, and then its next turn is
    /// as much shorter.
    /// </summary>
    public int Turn { get; set; }

    /// <summary>Its share of a group that acknowledges; null when it does not.</summary>
    public AckMember? Acked { get; set; }

    /// <summary>It can take nothing more for now.</summary>
    public bool IsSpent => Credit <= 0 || Acked is { IsFull: true };

    /// <summary>It is read for together with others, and has no position of its own.</summary>
    public bool Attached { get; set; }

    /// <summary>Its own place in the log while it is not <see cref="Attached"/>.</summary>
    public required LogReader Reader { get; init; }

    /// <summary>The last position that its consumer was told.</summary>
    public long Told { get; set; }

    /// <summary>The head when it was opened.</summary>
    public long LivePosition { get; set; }

    /// <summary>Its start is being sought: nothing is read, nothing is lost.</summary>
    public bool Seeking { get; set; }

    /// <summary>The table of its losses, made when there is the first.</summary>
    public LossTable Losses => _losses ??= new LossTable();

    public bool HasLosses => _losses is { HasPending: true };

    /// <summary>Below this position timestamps decide, too.</summary>
    public long FilterUntil { get; set; }

    public bool FiltersAt(long position) => position < FilterUntil;

    public bool AdmitsTime(long timestamp) => timestamp >= Request.Since && timestamp < (Request.ReadBefore ?? long.MaxValue);
}
