namespace Loggregator.PromQl.Scripts;

/// <summary>A script cannot be read; the message begins with the file and line once they are known.</summary>
public sealed class ScriptException(string message) : Exception(message);
