namespace Loggregator.Client;

/// <summary>
/// Gives the bearer token of a request, with or without the word <c>Bearer</c> in front; empty: none is sent. It is asked before each connection.
/// What it throws ends the stream.
/// </summary>
/// <param name="refused">Whether the server has just refused the last one, so that a token from a cache has to be renewed.</param>
/// <param name="cancel">Ends the request.</param>
public delegate ValueTask<string> TokenProvider(bool refused, CancellationToken cancel);
