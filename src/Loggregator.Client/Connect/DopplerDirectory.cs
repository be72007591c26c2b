namespace Loggregator.Client.Connect;

/// <summary>
/// The Dopplers there are: a fixed list of <c>host:port</c>, where a name is resolved to all of its addresses and resolved again.
/// Any thread may read <see cref="Current"/>, an immutable snapshot.
/// </summary>
public sealed class DopplerDirectory
{
    /// <summary>Addresses to dial, <c>ip:port</c>, sorted, without duplicates.</summary>
    public IReadOnlyList<string> Current => throw new NotSupportedException();

    /// <summary>Raised, on any thread, after <see cref="Current"/> has changed.</summary>
    public event Action? Changed { add => throw new NotSupportedException(); remove => throw new NotSupportedException(); }
}
