namespace Loggregator.TrafficController.Upstream;

/// <summary>What one Doppler has brought and has to wait for another, in order.</summary>
/// <param name="member">The stream's place at the Doppler that brought it.</param>
/// <param name="pass">How far the first page is noted, and who is awaited.</param>
/// <param name="since">When the first began to wait, by <see cref="TimeProvider.GetTimestamp"/>.</param>
internal sealed class MoveHold(Membership member, StampPass pass, long since)
{
    public Membership Member { get; } = member;

    public StampPass Pass { get; } = pass;

    public long Since { get; } = since;

    /// <summary>Who was awaited had no link when the mailbox was emptied: it brings nothing more.</summary>
    public bool AwaitedHasGone { get; set; }

    public Queue<StreamItem> Items { get; } = new();
}
