namespace Loggregator.TrafficController;

/// <summary>Something that happened to the role, to be told as a v2 event in its name.</summary>
/// <param name="Title">What.</param>
/// <param name="Body">Details, lines of text.</param>
public sealed record SelfEvent(string Title, string Body);
