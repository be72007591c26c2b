namespace Loggregator.Nozzle.Spool.Files;

/// <summary>
/// The folder of a spool: what the spool does to a disk, and nothing more, so that a test can put a disk below it that loses power.
/// Everything throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
internal interface ISpoolFiles
{
    /// <summary>Takes the folder for this process alone until the result is disposed.</summary>
    IDisposable Lock();

    /// <summary>The files of the folder with their lengths, in any order.</summary>
    IReadOnlyList<(string Name, long Length)> List();

    /// <summary>A new file to write; its name lasts from the next <see cref="Sync"/> on.</summary>
    ISpoolFile Create(string name);

    /// <summary>A file that is there.</summary>
    ISpoolFile Open(string name, bool write);

    /// <summary>Removes a file that may be open for reading; it stays removed from the next <see cref="Sync"/> on.</summary>
    void Delete(string name);

    /// <summary>Makes what was created and deleted last.</summary>
    void Sync();
}
