using System.Globalization;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// What was delivered, in a file of two slots. A state is written at each delivery, which outlives the process, and synced by and by, which outlives
/// a power cut. Unsynced states go to one slot, so that the other always holds one that is whole. Any thread.
/// </summary>
internal sealed class ReadMark : IDisposable
{
    public const string Prefix = "mark.";
    private const int SlotLength = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly ISpoolFiles _files;
    private readonly byte[] _slot = new byte[MarkSlot.MaxLength];
    private ISpoolFile _file;
    private string _name;
    private ulong _generation;
    private ulong _version;
    private int _unsynced = 1; // a new file holds its first state in slot 0
    private bool _dirty;
    private bool _closed;

    private ReadMark(ISpoolFiles files, ISpoolFile file, string name, ulong generation, ulong spoolId)
    {
        (_files, _file, _name, _generation) = (files, file, name, generation);
        SpoolId = spoolId;
    }

    /// <summary>Drawn when the spool was made.</summary>
    public ulong SpoolId { get; }

    /// <summary>Begins a new file with this state, synced, and removes older ones; on a full disk it goes on with the file that there was.</summary>
    public static ReadMark Create(ISpoolFiles files, MarkState? before, ulong spoolId, IReadOnlyList<RecordRange> delivered)
    {
        var generation = (before?.Generation ?? 0) + 1;
        try
        {
            var (file, name) = NewFile(files, generation, spoolId, delivered);
            var mark = new ReadMark(files, file, name, generation, spoolId);
            mark.RemoveOthers();
            return mark;
        }
        catch (IOException e) when (DiskFault.IsFull(e) && before is not null)
        {
            return new ReadMark(files, files.Open(before.File, write: true), before.File, generation, spoolId) { _unsynced = 1 - before.Slot };
        }
    }

    /// <summary>Reads the newest state of all mark files; null when there is none that is whole.</summary>
    /// <exception cref="SpoolException">It is of a newer version.</exception>
    public static MarkState? Read(ISpoolFiles files)
    {
        MarkState? newest = null;
        var slot = new byte[SlotLength];
        foreach (var (name, _) in files.List().Where(file => file.Name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var file = files.Open(name, write: false);
            for (var index = 0; index < 2; index++)
            {
                var length = file.Read(slot, index * SlotLength);
                if (MarkSlot.TryRead(slot.AsSpan(0, length), out var version, out var generation, out var spoolId, out var delivered))
                {
                    newest = newest is { } other && other.Generation > generation ? newest : new MarkState(generation, spoolId, delivered, name, index);
                }
                else if (version > MarkSlot.Version)
                {
                    throw new SpoolException($"{name} was written by a newer version ({version}; this one knows {MarkSlot.Version}). Run that version, or give the sink another folder.");
                }
            }
        }

        return newest;
    }

    /// <summary>Writes what is delivered, unless a later version was written already.</summary>
    public void Write(ulong version, IReadOnlyList<RecordRange> delivered)
    {
        lock (_lock)
        {
            if (version <= _version || _closed)
            {
                return;
            }

            _version = version;
            _dirty = true;
            var length = MarkSlot.Write(_slot, ++_generation, SpoolId, delivered);
            _file.Write([_slot.AsMemory(0, length)], _unsynced * SlotLength);
        }
    }

    /// <summary>Makes the written state last. After a failure it must be <see cref="Replace"/>d.</summary>
    public void Sync()
    {
        lock (_lock)
        {
            if (_dirty)
            {
                _file.Sync();
                _dirty = false;
                _unsynced = 1 - _unsynced;
            }
        }
    }

    /// <summary>Gives the file up, which cannot be trusted any more, and begins another with this state.</summary>
    public void Replace(ulong version, IReadOnlyList<RecordRange> delivered)
    {
        lock (_lock)
        {
            var (file, name) = NewFile(_files, ++_generation, SpoolId, delivered);
            _file.Dispose();
            (_file, _name, _version, _unsynced, _dirty) = (file, name, version, 1, false);
            RemoveOthers();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true; // what is completed from now on is delivered again
            _file.Dispose();
        }
    }

    private static (ISpoolFile File, string Name) NewFile(ISpoolFiles files, ulong generation, ulong spoolId, IReadOnlyList<RecordRange> delivered)
    {
        var taken = files.List().Select(there => there.Name).ToHashSet(); // one that a crash has left half made
        var number = generation;
        while (taken.Contains(Name(number)))
        {
            number++;
        }

        var name = Name(number);
        var file = files.Create(name);
        try
        {
            var both = new byte[2 * SlotLength];
            MarkSlot.Write(both, generation, spoolId, delivered);
            file.Write([both], 0);
            file.Sync();
            files.Sync();
            return (file, name);
        }
        catch
        {
            file.Dispose();
            files.Delete(name);
            throw;
        }
    }

    private static string Name(ulong number) => Prefix + number.ToString("x16", CultureInfo.InvariantCulture);

    private void RemoveOthers()
    {
        foreach (var (name, _) in _files.List().Where(file => file.Name.StartsWith(Prefix, StringComparison.Ordinal) && file.Name != _name))
        {
            _files.Delete(name);
        }
    }
}
