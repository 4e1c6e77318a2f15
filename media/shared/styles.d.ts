/** Stylesheets and pictures are imported for the bundler, which writes them beside the script. */
declare module '*.css';
declare module '*.svg';
