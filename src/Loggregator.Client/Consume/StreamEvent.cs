namespace Loggregator.Client.Consume;

/// <summary>One thing that a <see cref="LogStream"/> yields.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Payload">UTF-8: JSON, or a reason in words; empty where there is nothing to say.</param>
/// <param name="Cursor">Of a batch: where to go on behind it; empty if the server did not say.</param>
internal sealed record StreamEvent(StreamEventKind Kind, ReadOnlyMemory<byte> Payload = default, string Cursor = "");
