using Loggregator.Load.Accounting;
using Loggregator.Load.Receiving;

namespace Loggregator.Load;

/// <summary>Readers that share one tally.</summary>
/// <param name="Tally">What they got together.</param>
/// <param name="Readers">The readers of the group.</param>
/// <param name="Tail">Each follows one source; else each reads all.</param>
internal sealed record ReaderGroup(Tally Tally, IReadOnlyList<IReader> Readers, bool Tail)
{
    public int Count => Readers.Count;

    public long Breaks => Readers.Sum(r => r.Breaks);

    public string LastError => Readers.Select(r => r.LastError).FirstOrDefault(e => e.Length > 0, "");

    /// <summary>Tailers see one source each, so each source must come through; a reader of all that sees one sees all.</summary>
    public bool Ready => Tally.Probed >= (Tail ? Tally.Expected : 1);

    public IEnumerable<Task> Run(CancellationToken cancel) => Readers.Select(r => r.RunAsync(cancel));
}
