namespace Loggregator.TrafficController.Upstream;

/// <summary>One entry of a stream's mailbox.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Member">By which membership it came; its node names the Doppler.</param>
/// <param name="Page">The envelopes of a <see cref="StreamItemKind.Page"/>; one reference of it belongs to this item.</param>
/// <param name="Place">Where the stream stands at that Doppler behind this item.</param>
/// <param name="Detail">The Doppler's answer of <see cref="StreamItemKind.Opened"/>; a text of the others.</param>
internal readonly record struct StreamItem(StreamItemKind Kind, Membership? Member, Page? Page, Place Place, object? Detail);
