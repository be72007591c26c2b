namespace Loggregator.Commands;

/// <summary>A command cannot do what it was asked; the message says why and what helps, and is all that the user sees. Exit code 1.</summary>
internal sealed class CommandFailedException(string message) : Exception(message);
