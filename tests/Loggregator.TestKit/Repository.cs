namespace Loggregator.TestKit;

/// <summary>The source tree that the running tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds Loggregator.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>Files under <paramref name="folder"/> (relative to the root) that match, without build output and installed packages.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "artifacts" or "obj" or "node_modules"));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Loggregator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Loggregator.sln above {AppContext.BaseDirectory}.");
    }
}
